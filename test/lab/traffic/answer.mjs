// answer.mjs FOLDER: runs in a machine, where the TypeScript beside it has become JavaScript.
import { answerQuestions } from "./questions.js";

await answerQuestions(process.argv[2]);
