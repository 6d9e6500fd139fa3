// A thread that decides with an engine that another thread owns, until it is told to stop.

import { parentPort, workerData } from 'node:worker_threads';

import { ClosedError, Engine, StaleInputError } from '../index.mjs';

const { number, stop } = workerData;
const engine = Engine.attach(number);
const context = { user: { id: 'eve' }, request: { model: 'gpt-5-preview' } };
const text = JSON.stringify(context);
const stopped = new Int32Array(stop);
let prepared = engine.prepare(context);
const seen = new Map();
let evaluations = 0;
let stale = 0;

function count({ reason, bundle, allowed }) {
  seen.set(`${bundle} ${reason} ${allowed}`, true);
  evaluations++;
}

parentPort.postMessage('ready');
while (Atomics.load(stopped, 0) === 0) {
  for (let round = 0; round < 200; round++) {
    count(engine.evaluate(context));
    count(engine.evaluate(text));
    try {
      count(engine.evaluate(prepared));
    } catch (error) {
      if (!(error instanceof StaleInputError)) throw error;
      stale++;
      prepared = engine.prepare(context);
    }
  }
}
engine.close();
let closed = false;
try {
  engine.evaluate(context);
} catch (error) {
  closed = error instanceof ClosedError;
}
parentPort.postMessage({ seen: [...seen.keys()], evaluations, stale, closed });
