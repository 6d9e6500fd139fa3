'use strict';

const { InvalidArgumentError } = require('./lib/errors.js');
const { NOTHING, textOrBytes } = require('./lib/events.js');
const { Turn, httpAnswer, options, refusalBody } = require('./lib/turn.js');

/**
 * A middleware that judges a provider's request, and the answer that the handler gives with `res.json` or `res.send`, or writes as
 * server-sent events.
 */
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
    closeAtTheEnd(turn, res, settings.answers);
    next();
  };
}

/** Closes what limits hold for the request, when its answer is out or nobody waits for it any more. */
function closeAtTheEnd(turn, res, judged) {
  const answer = judged || turn.exchange.hold === undefined ? () => undefined : noted(turn, res);
  // An answer that was judged as a whole is settled before.
  res.on('close', () => {
    if (res.writableFinished && res.statusCode >= 400) turn.release();
    else turn.close(answer());
  });
}

/** Notes the answer that goes out unjudged, for what it says that it used; gives what gives it. */
function noted(turn, res) {
  const { json, write, end, writeHead } = res;
  let answer;
  let events;
  const note = (method, isLast) =>
    function noted(...args) {
      events ??= eventsOf(turn, res);
      if (events !== undefined) events.push(given(args).part, isLast);
      return method.apply(res, args);
    };
  res.json = function noted(body) {
    answer = body;
    return json.call(res, body);
  };
  res.writeHead = function noted(...args) {
    writeHead.call(res, noteHead(res, args));
    return res;
  };
  res.write = note(write, false);
  res.end = note(end, true);
  return () => answer;
}

/** Lets no answer out that was not judged. Answers of handlers that failed (400 and above) are not the model's. */
function judgeAnswers(turn, res, next) {
  const { json, end, write, writeHead, flushHeaders } = res;
  let state = 'open';
  let events;
  /** From here on, what is written goes out. */
  const open = () => {
    state = 'passed';
    Object.assign(res, { json, end, write, writeHead, flushHeaders });
  };
  const passes = () => state === 'open' && res.statusCode >= 400;
  /** Whether the answer is one of events, which go out as they are found safe. */
  const begins = () => {
    if (state === 'open') {
      events = eventsOf(turn, res);
      if (events !== undefined) {
        state = 'events';
        Object.assign(res, { writeHead, flushHeaders });
        // What is taken out or put back changes how long it is.
        res.removeHeader('content-length');
      }
    }
    return state === 'events';
  };
  res.writeHead = function judged(...args) {
    // Of which kind the answer is shows when it is written; until then it may become another.
    noteHead(res, args);
    return res;
  };
  res.flushHeaders = function judged() {
    if (passes()) open();
    if (state === 'passed' || begins()) flushHeaders.call(res);
  };
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
  const pass = (args, isLast) => {
    const { part, done } = given(args);
    const wasEnded = events.ended;
    const shown = events.push(part, isLast);
    if (events.ended && !wasEnded) {
      end.call(res, shown, done);
    } else if (shown.length > 0) {
      return write.call(res, shown, done);
    } else if (done) {
      process.nextTick(done);
    }
    return isLast ? res : true;
  };
  /** What is written past `res.json` and is no event is not the answer that goes out, nor is anything that follows. */
  const judged = (method, name) =>
    function judged(...args) {
      if (passes()) open();
      if (state === 'passed') return method.apply(res, args);
      if (begins()) return pass(args, name === 'end');
      if (state === 'open') {
        state = 'refused';
        turn.settle();
        process.emitWarning(
          `an answer was held back because it was not judged: the guard sees \`res.json\` and events, and not \`res.${name}\``,
          { code: 'LLM_POLICY_ENGINE_UNJUDGED' },
        );
        res.writeHead = writeHead;
        for (const header of res.getHeaderNames()) res.removeHeader(header);
        res.statusCode = 500;
        res.setHeader('content-type', 'application/json; charset=utf-8');
        end.call(res, JSON.stringify(refusalBody('The answer could not be checked.', 'unjudged_answer')));
      }
      return name === 'write' ? true : res;
    };
  res.end = judged(end, 'end');
  res.write = judged(write, 'write');
}

const eventsOf = (turn, res) => turn.events(res.statusCode, res.getHeader('content-type'), res.getHeader('content-encoding'));

/** What `writeHead` is given, where it can be asked for; gives the status. */
function noteHead(res, [status, ...rest]) {
  res.statusCode = status;
  if (typeof rest[0] === 'string') res.statusMessage = rest.shift();
  const headers = rest[0] ?? {};
  for (const [name, value] of Array.isArray(headers) ? inPairs(headers) : Object.entries(headers)) {
    if (value !== undefined) res.setHeader(name, value);
  }
  return status;
}

/** A list of headers, in which names and values take turns or come in pairs, without repetitions. */
function inPairs(list) {
  const pairs = Array.isArray(list[0]) ? list : list.flatMap((name, at) => (at % 2 === 0 ? [[name, list[at + 1]]] : []));
  const values = new Map();
  for (const [name, value] of pairs) values.set(name, values.has(name) ? [values.get(name), value].flat() : value);
  return values;
}

/** The arguments of `write` and `end`. */
function given(args) {
  const [part, encoding] = args.filter((argument) => typeof argument !== 'function');
  const done = args.find((argument) => typeof argument === 'function');
  if (part === undefined || part === null) return { part: NOTHING, done };
  return { part: typeof part === 'string' ? textOrBytes(part, encoding) : part, done };
}

function refuse(error, res, next) {
  const answer = httpAnswer(error);
  if (answer === undefined) next(error);
  else res.status(answer.status).set(answer.headers).json(answer.body);
}

exports.policyGuard = policyGuard;
