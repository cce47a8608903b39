/** The program that evaluates a project, started with restricted permissions. Its one argument is the request. */
import { answerRequest } from "./answer-request.ts";
import { provideProgram } from "./load-project.ts";

provideProgram();
answerRequest(process.argv[2]!);
