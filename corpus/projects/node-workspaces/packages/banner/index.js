const kleur = require('kleur');

kleur.enabled = false;

exports.width = (text) => kleur.bold(text).length;
