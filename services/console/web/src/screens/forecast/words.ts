/** The screen's words, which come with it. */

import { en } from "../../i18n/messages";
import words from "./messages.en.json";

Object.assign(en, words);
