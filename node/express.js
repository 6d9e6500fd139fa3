'use strict';

const { InvalidArgumentError } = require('./lib/errors.js');
const { Turn, httpAnswer, options, refusalBody } = require('./lib/turn.js');

/** A middleware that judges a provider's request, and the answer that the handler gives with `res.json` or `res.send`. */
function policyGuard(given) {
  const settings = options(given);
  return async function policyGuard(req, res, next) {
    let turn;
    try {
      if (req.body === undefined) throw new InvalidArgumentError('there is no `req.body`; put express.json() before the guard');
      turn = new Turn(settings, await settings.identity(req));
      req.body = await turn.request(req.body);
    } catch (error) {
      refuse(error, res, next);
      return;
    }
    req.policy = turn;
    if (settings.answers) judgeAnswers(turn, res, next);
    next();
  };
}

/** Lets no answer out that was not judged. Answers of handlers that failed (400 and above) are not the model's. */
function judgeAnswers(turn, res, next) {
  const { json, end, write } = res;
  let state = 'open';
  /** From here on, what is written goes out. */
  const open = () => {
    state = 'passed';
    Object.assign(res, { json, end, write });
  };
  const passes = () => state === 'open' && res.statusCode >= 400;
  res.json = function judged(body) {
    if (passes()) open();
    if (state === 'passed') return json.call(res, body);
    if (state !== 'open') return res;
    state = 'pending';
    turn.response(body).then(
      (changed) => {
        open();
        json.call(res, changed);
      },
      (error) => {
        open();
        refuse(error, res, next);
      },
    );
    return res;
  };
  /** What is written past `res.json` is not the answer that goes out, nor is anything that follows. */
  const unjudged = (method, name) =>
    function judged(...args) {
      if (passes()) open();
      if (state === 'passed') return method.apply(res, args);
      if (state === 'open') {
        state = 'refused';
        process.emitWarning(`an answer was held back because it was not judged: the guard sees \`res.json\` and not \`res.${name}\``, {
          code: 'LLM_POLICY_ENGINE_UNJUDGED',
        });
        const text = JSON.stringify(refusalBody('The answer could not be checked.', 'unjudged_answer'));
        if (!res.headersSent) {
          for (const header of res.getHeaderNames()) res.removeHeader(header);
          res.statusCode = 500;
          res.setHeader('content-type', 'application/json; charset=utf-8');
          end.call(res, text);
        } else {
          res.destroy();
        }
      }
      return name === 'write' ? true : res;
    };
  res.end = unjudged(end, 'end');
  res.write = unjudged(write, 'write');
}

function refuse(error, res, next) {
  const answer = httpAnswer(error);
  if (answer === undefined) next(error);
  else res.status(answer.status).set(answer.headers).json(answer.body);
}

exports.policyGuard = policyGuard;
