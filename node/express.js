'use strict';

const { InvalidArgumentError } = require('./lib/errors.js');
const { Turn, httpAnswer, options } = require('./lib/turn.js');

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
  let passed = false;
  const release = () => {
    passed = true;
    res.json = json;
    res.end = end;
    res.write = write;
  };
  const isFailure = () => res.statusCode >= 400;
  res.json = function judged(body) {
    if (passed || isFailure()) return json.call(res, body);
    // From here on only this call answers.
    turn.response(body).then(
      (changed) => {
        release();
        json.call(res, changed);
      },
      (error) => {
        release();
        refuse(error, res, next);
      },
    );
    return res;
  };
  const unjudged = (method, name) =>
    function judged(...args) {
      if (passed || isFailure()) return method.apply(res, args);
      release();
      next(new InvalidArgumentError(`an answer that was not judged: the guard sees \`res.json\` and not \`res.${name}\``));
      return name === 'write' ? false : res;
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
