/** The program that evaluates a project, started with restricted permissions. Its one argument is the request. */
import { programFile } from "../os/program-files.ts";
import { answerRequest } from "./answer-request.ts";
import { provideProgram } from "./load-project.ts";

provideProgram(programFile("index").href);
answerRequest(process.argv[2]!);
