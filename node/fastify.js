'use strict';

const { finished } = require('node:stream');

const { InvalidArgumentError } = require('./lib/errors.js');
const { Turn, httpAnswer, options } = require('./lib/turn.js');

/** Hooks for a route: they judge a provider's request, and the answer that the handler gives. */
function policyGuard(given) {
  const settings = options(given);
  const turns = new WeakMap();
  const answers = new WeakMap();
  const hooks = {
    async preHandler(request, reply) {
      try {
        const turn = new Turn(settings, await settings.identity(request));
        request.body = await turn.request(request.body);
        turns.set(request, turn);
        request.policy = turn;
        // Fastify's own hooks do not say when a client leaves in the middle of an answer. One that was judged as a whole is settled before.
        finished(reply.raw, () => {
          if (reply.raw.writableFinished && reply.statusCode >= 400) turn.release();
          else turn.close(answers.get(request));
        });
      } catch (error) {
        return refuse(error, reply);
      }
    },
  };
  if (!settings.answers) {
    hooks.onSend = async function noted(request, reply, payload) {
      const events = eventsOf(turns.get(request), reply);
      if (events !== undefined) return passed(events, payload);
      if (isWhole(payload)) answers.set(request, payload);
      return payload;
    };
  } else {
    hooks.onSend = async function judged(request, reply, payload) {
      const turn = turns.get(request);
      // Answers of handlers that failed, and our own refusals, are not the model's.
      if (turn === undefined || reply.statusCode >= 400) return payload;
      try {
        const events = eventsOf(turn, reply);
        if (events !== undefined) {
          // What is taken out or put back changes how long it is.
          reply.removeHeader('content-length');
          return passed(events, payload);
        }
        if (!isWhole(payload)) {
          turn.settle();
          throw new InvalidArgumentError(
            'an answer that was not judged: the guard sees objects, text and bytes, and streams of the type text/event-stream',
          );
        }
        const changed = await turn.response(payload);
        return changed === payload ? payload : JSON.stringify(changed);
      } catch (error) {
        const answer = httpAnswer(error);
        if (answer === undefined) throw error;
        reply.code(answer.status).headers(answer.headers).type('application/json; charset=utf-8').removeHeader('content-length');
        return JSON.stringify(answer.body);
      }
    };
  }
  return hooks;
}

const isWhole = (payload) => typeof payload === 'string' || payload instanceof Uint8Array;

const eventsOf = (turn, reply) => turn?.events(reply.statusCode, reply.getHeader('content-type'), reply.getHeader('content-encoding'));

/** What may go out of an answer of events. */
function passed(events, payload) {
  if (isWhole(payload)) return events.push(payload, true);
  if (typeof payload?.pipe === 'function' || typeof payload?.getReader === 'function') return events.through(payload);
  throw new InvalidArgumentError('an answer of events that is no stream, text or bytes was not judged');
}

function refuse(error, reply) {
  const answer = httpAnswer(error);
  if (answer === undefined) throw error;
  return reply.code(answer.status).headers(answer.headers).send(answer.body);
}

exports.policyGuard = policyGuard;
