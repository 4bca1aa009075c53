const ms = require('ms');

console.log(`a day has ${ms('1d')} ms`);
