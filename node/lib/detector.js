'use strict';

const native = require('./native.js');
const { checked } = require('./decision.js');
const { argumentBytes, asItCame, bodyBytes, isBytes, textArgument } = require('./inputs.js');

/** Finds in texts what policies can ask about, and takes it out, without policies. */
class Detector {
  #detector;

  constructor(options = {}) {
    this.#detector = checked(native.detector(argumentBytes(named(options), 'the options')));
  }

  /** What is found in a text: kinds and places, never the text itself. */
  scan(text) {
    const bytes = Buffer.from(textArgument(text, 'what is scanned'), 'utf8');
    const { findings, ...rest } = JSON.parse(checked(native.detectorScan(this.#detector, bytes)));
    // As decisions have them.
    return { findings: findings.map((finding) => ({ ...finding, score: finding.score / 100 })), ...rest };
  }

  /** A text, or a body, without what is found in it, in the form in which it came. */
  redact(text, { style = 'label', format, stage } = {}) {
    const form = format ?? (typeof text === 'string' || isBytes(text) ? 'text' : 'json');
    const name = textArgument(stage === undefined ? form : `${form}/${stage}`, 'the format');
    return asItCame(text, checked(native.detectorRedact(this.#detector, name, textArgument(style, 'the style'), bodyBytes(text))));
  }
}

/** Options as the engine calls them. */
function named(options) {
  if (typeof options !== 'object' || options === null || isBytes(options)) return options;
  const { maxBytes, ...rest } = options;
  return maxBytes === undefined ? options : { ...rest, max_bytes: maxBytes };
}

module.exports = { Detector };
