// Stands in the documentation, and does nothing that it shows.
console.log('hello')
