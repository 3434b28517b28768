/** `short` is what every change must pass; `long` is for before a release. */
export type Edition = 'short' | 'long'

/** A promise of the gateway, and what was seen of it. */
export interface Figure {
  /** With its figure, e.g. `0 desyncs in >= 60 raw requests`. */
  promise: string
  /** What was measured, with its unit. */
  seen: string
  kept: boolean
  /** Why it is known not to be kept yet: it is shown as broken, and does not fail the run. */
  owed?: string
}

/** Every file `<name>.suite.ts` exports one as `suite`, and what it shows as `about`. */
export interface SuiteModule {
  about: string
  suite: (edition: Edition) => AsyncGenerator<Figure>
}
