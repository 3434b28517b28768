import type { Environment } from '../environment.ts'

/** What a command is given. */
export interface Given {
  /** The words after its name. */
  words: readonly string[]
  env: Environment
}

/** What a command has to say, and how the process exits: 0 for good, 1 for not so, 2 for wrong words. */
export interface Outcome {
  text: string
  exitCode: 0 | 1 | 2
}

export interface Command {
  /** One line for the list of commands. */
  about: string
  run(given: Given): Promise<Outcome>
}
