/**
 * Loaded into the gateway by `--import`: at each SIGUSR2 an exception that nobody catches is thrown,
 * as by a bug in a timer.
 */
process.on('SIGUSR2', () => {
  setTimeout(() => {
    throw new Error('planted')
  })
})
