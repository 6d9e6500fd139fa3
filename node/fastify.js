'use strict';

const { InvalidArgumentError } = require('./lib/errors.js');
const { Turn, httpAnswer, options } = require('./lib/turn.js');

/** Hooks for a route: they judge a provider's request, and the answer that the handler gives. */
function policyGuard(given) {
  const settings = options(given);
  const turns = new WeakMap();
  const hooks = {
    async preHandler(request, reply) {
      try {
        const turn = new Turn(settings, await settings.identity(request));
        request.body = await turn.request(request.body);
        turns.set(request, turn);
        request.policy = turn;
      } catch (error) {
        return refuse(error, reply);
      }
    },
  };
  if (settings.answers) {
    hooks.onSend = async function judged(request, reply, payload) {
      const turn = turns.get(request);
      // Answers of handlers that failed, and our own refusals, are not the model's.
      if (turn === undefined || reply.statusCode >= 400) return payload;
      try {
        if (typeof payload !== 'string' && !(payload instanceof Uint8Array)) {
          throw new InvalidArgumentError('an answer that was not judged: the guard sees objects, text and bytes, and no streams');
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

function refuse(error, reply) {
  const answer = httpAnswer(error);
  if (answer === undefined) throw error;
  return reply.code(answer.status).headers(answer.headers).send(answer.body);
}

exports.policyGuard = policyGuard;
