/** Every message of the console; each part of it keeps its own beside its components. */

import app from "../app/messages.en.json";
import deals from "../deals/messages.en.json";
import beat from "../screens/beat/messages.en.json";
import deal from "../screens/deal/messages.en.json";
import pipeline from "../screens/pipeline/messages.en.json";

export const en = { ...app, ...deals, ...beat, ...pipeline, ...deal };
export type MessageKey = keyof typeof en;
export type Messages = Record<MessageKey, string>;
