'use strict';

// What an engine has done, as JavaScript has it.

const { InvalidArgumentError } = require('./errors.js');
const { isBytes, shown, stable } = require('./inputs.js');

/** The counters. */
function metrics({ decisions, refused, ...counters }) {
  return {
    decisions,
    refused,
    ruleErrors: counters.rule_errors,
    reloads: counters.reloads,
    refusedReloads: counters.refused_reloads,
    auditRecorded: counters.audit_recorded,
    auditDropped: counters.audit_dropped,
  };
}

/** Audit records. */
function drained({ records, dropped, waiting }) {
  return { records: records.map((record) => ({ ...record, time: new Date(record.time) })), dropped, waiting };
}

/** A number of records. */
function count(value, name) {
  if (Number.isInteger(value) && value >= 0 && value < 2 ** 32) return value;
  throw new InvalidArgumentError(`\`${name}\` is ${shown(value)}; give a number of records`);
}

/** The key of the inputs' digests. */
function auditKey(key) {
  if (isBytes(key)) return stable(key);
  throw new InvalidArgumentError(`\`key\` is ${shown(key)}; give bytes`);
}

module.exports = { auditKey, count, drained, metrics };
