/**
 * Loaded into the gateway by `--import`: at each SIGUSR2 a promise fails that nobody awaits.
 */
process.on('SIGUSR2', () => {
  void Promise.reject(new Error('planted'))
})
