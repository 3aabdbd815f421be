/** Every message of the console; each part of it keeps its own beside its components. */

import app from "../app/messages.en.json";
import deals from "../deals/messages.en.json";
import beat from "../screens/beat/messages.en.json";
import deal from "../screens/deal/messages.en.json";
import type forecast from "../screens/forecast/messages.en.json";
import pipeline from "../screens/pipeline/messages.en.json";

const first = { ...app, ...deals, ...beat, ...pipeline, ...deal };

export type MessageKey = keyof typeof first | keyof typeof forecast;
export type Messages = Record<MessageKey, string>;

/**
 * What is said in English. The words of a screen that is fetched later come with it (`screens/forecast/words.ts`):
 * the first screen's script has a limit.
 */
export const en = first as typeof first & typeof forecast;
