import { appendFileSync } from 'node:fs'
import { registerHooks } from 'node:module'

/** `--import` of a process: the URL of each module that it loads is a line of the file `LOADED`. */
const file = process.env.LOADED
if (file === undefined) throw new Error('LOADED names the file for what is loaded.')
registerHooks({
  load(url, context, next) {
    appendFileSync(file, `${url}\n`)
    return next(url, context)
  },
})
