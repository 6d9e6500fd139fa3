// One of the processes of `core/runtime/tests/processes`, which use up one limit together: what its own workers do, through the package.

import { closeSync, openSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Engine, LimitsUnavailableError } from '../index.mjs';

// So that there is a middle of the run.
const PAUSE = 3;
const WAIT = 20;

const { WORKER_POLICY, WORKER_URL, WORKER_LIMIT, WORKER_LOG } = process.env;
const engine = new Engine(WORKER_POLICY, { store: WORKER_URL });
const log = openSync(WORKER_LOG, 'a');
const note = (line) => writeSync(log, `${line}\n`);
const micros = () => Math.round((performance.timeOrigin + performance.now()) * 1000);

/** Asks for so many units: microdollars of a budget, or tokens. */
const take = (units) =>
  engine.evaluate({ team: { id: 'team' }, request: { model: 'gpt-4o', estimated_cost: units / 1e6, estimated_tokens: units } });

/** Settles with so many units, or gives back; again, until the server has heard it. */
async function close(hold, units) {
  for (;;) {
    try {
      if (units === undefined) engine.release(hold);
      else engine.settle(hold, { cost: units / 1e6 });
      return;
    } catch (error) {
      if (!(error instanceof LimitsUnavailableError)) throw error;
      await sleep(WAIT);
    }
  }
}

/** Takes until nothing is left. More is reserved than is used in the end. */
async function useUp(scales) {
  let refused;
  for (let number = 0; ; number++) {
    const [cost, used] = number % 3 === 0 ? [3, 2] : [1, 1];
    const decision = take(cost);
    if (decision.hold !== undefined) {
      refused = undefined;
      const actual = scales ? used : cost;
      note(actual);
      await close(decision.hold, actual);
    } else if (decision.code === 'limit_reached') {
      // Others may give back what they do not use.
      refused ??= performance.now();
      if (performance.now() - refused > 2000) return;
      await sleep(WAIT);
    } else if (decision.code === 'limit_unavailable') {
      await sleep(WAIT);
    } else {
      throw new Error(decision.reason);
    }
    await sleep(PAUSE);
  }
}

/** Holds some, lets them go, and takes others, for some seconds. */
async function holdSome() {
  const until = performance.now() + 7000;
  const held = [];
  for (let number = 0; ; number++) {
    if (held.length >= 9 || (number % 3 === 2 && held.length > 0) || performance.now() > until) {
      if (held.length === 0) return;
      note(`- ${micros()}`);
      await close(held.pop());
    } else {
      const { hold } = take(1);
      if (hold === undefined) {
        await sleep(5);
      } else {
        note(`+ ${micros()}`);
        held.push(hold);
      }
    }
    await sleep(1);
  }
}

await (WORKER_LIMIT === 'concurrency' ? holdSome() : useUp(WORKER_LIMIT === 'budget'));
engine.close();
closeSync(log);
