import app from "../app/messages.zh-CN.json";
import deals from "../deals/messages.zh-CN.json";
import beat from "../screens/beat/messages.zh-CN.json";
import deal from "../screens/deal/messages.zh-CN.json";
import forecast from "../screens/forecast/messages.zh-CN.json";
import pipeline from "../screens/pipeline/messages.zh-CN.json";
import type { Messages } from "./messages";

export const zh: Messages = { ...app, ...deals, ...beat, ...pipeline, ...deal, ...forecast };
