package io.github.llmpolicyengine;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Policies, ready to decide.
 *
 * <pre>{@code
 * try (Engine engine = Engine.open(Path.of("policies"))) {
 *     Decision decision = engine.evaluate(Map.of("request", Map.of("model", "gpt-5-preview")));
 *     if (!decision.allowed()) { ... }
 * }
 * }</pre>
 *
 * <p>Any number of threads may use an engine, also while one of them reloads or closes it: a call that is under way finishes, a
 * later one is a {@link PolicyException.Closed}. No input ends the process; an error is an exception whose
 * {@link PolicyException#decision} is a deny.
 */
public final class Engine implements AutoCloseable {
    private final Handle handle;
    private final Options options;

    private Engine(byte[] answer, Options options) throws PolicyException {
        handle = new Handle(this, Reply.of(answer).number(), Native::close);
        this.options = options;
    }

    /** As {@link #open(Path, Options)}, with the default options. */
    public static Engine open(Path path) throws PolicyException {
        return open(path, Options.DEFAULT);
    }

    /**
     * An engine from a file, or from all policy documents below a directory.
     *
     * @throws PolicyException.InvalidPolicy when a document is refused, with all findings
     * @throws PolicyException.UnreadableFile when a file cannot be read
     * @throws PolicyException.NoDocuments when there is none
     */
    public static Engine open(Path path, Options options) throws PolicyException {
        return new Engine(Native.open(bytes(path), options.pack()), options);
    }

    /** As {@link #load(List, Options)}, with the default options. */
    public static Engine load(Document... documents) throws PolicyException {
        return load(List.of(documents), Options.DEFAULT);
    }

    /**
     * An engine from documents in memory.
     *
     * @throws PolicyException.InvalidPolicy when a document is refused, with all findings
     */
    public static Engine load(List<Document> documents, Options options) throws PolicyException {
        return new Engine(Native.load(Document.frame(documents), options.pack()), options);
    }

    /** What is right and wrong with the documents at a path. Documents that are refused are no failure. */
    public static Report validate(Path path) throws PolicyException {
        return Report.of(Tree.of(Reply.of(Native.validatePath(bytes(path))).tree()));
    }

    /** What is right and wrong with documents in memory. Documents that are refused are no failure. */
    public static Report validate(Document... documents) throws PolicyException {
        return Report.of(Tree.of(Reply.of(Native.validate(Document.frame(List.of(documents)))).tree()));
    }

    /**
     * Replaces the policies in one step by those at a path. When they are refused, nothing changes. Calls that are under way go on
     * with the policies that they began with.
     *
     * @throws PolicyException as {@link #open(Path, Options)}
     */
    public void reload(Path path) throws PolicyException {
        try {
            Reply.of(Native.reloadPath(handle.number, bytes(path)));
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** As {@link #reload(Path)}, from documents in memory. */
    public void reload(Document... documents) throws PolicyException {
        try {
            Reply.of(Native.reload(handle.number, Document.frame(List.of(documents))));
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** The digest of the documents: SHA-256, in hexadecimal. */
    public String bundle() throws PolicyException {
        try {
            return Reply.of(Native.bundle(handle.number)).restAsText();
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** What the host has declared to carry out. */
    public Set<Action> handles() {
        return options.handles();
    }

    /**
     * Decides about an input.
     *
     * @throws PolicyException.InvalidInput when the input is refused as a whole
     */
    public Decision evaluate(Input input, Question question) throws PolicyException {
        try {
            return decision(asked(input, question, (form, bytes, offset, length) -> Native.evaluate(handle.number,
                    question.stage().ordinal(), question.seconds(), question.nanos(), form, bytes, offset,
                    length)));
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** Decisions that come again are one object, which the native library keeps; the first is made here. */
    private Decision decision(Object answer) throws PolicyException {
        if (answer instanceof Decision kept) {
            return kept;
        }
        Reply reply = Reply.of((byte[]) answer);
        long ticket = reply.number();
        Decision decision = Decision.read(reply);
        if (ticket != 0) {
            Native.keep(handle.number, ticket, decision);
        }
        return decision;
    }

    /** Decides about a request, now. */
    public Decision evaluate(Input input) throws PolicyException {
        return evaluate(input, Question.DEFAULT);
    }

    /** Decides about a request, now: {@link Input#of(Map)}. */
    public Decision evaluate(Map<String, ?> input) throws PolicyException {
        return evaluate(Input.of(input), Question.DEFAULT);
    }

    /** Decides about a map: {@link Input#of(Map)}. */
    public Decision evaluate(Map<String, ?> input, Question question) throws PolicyException {
        return evaluate(Input.of(input), question);
    }

    /** Decides about a request in JSON, now. */
    public Decision evaluate(byte[] json) throws PolicyException {
        return evaluate(Input.json(json), Question.DEFAULT);
    }

    /** Decides about JSON. */
    public Decision evaluate(byte[] json, Question question) throws PolicyException {
        return evaluate(Input.json(json), question);
    }

    /** Decides about a request in JSON, now: {@link Input#json(ByteBuffer)}. */
    public Decision evaluate(ByteBuffer json) throws PolicyException {
        return evaluate(Input.json(json), Question.DEFAULT);
    }

    /** Decides about JSON: {@link Input#json(ByteBuffer)}. */
    public Decision evaluate(ByteBuffer json, Question question) throws PolicyException {
        return evaluate(Input.json(json), question);
    }

    /** Decides about a request in JSON, now. Bytes are faster, where they are at hand. */
    public Decision evaluate(String json) throws PolicyException {
        return evaluate(Input.json(json), Question.DEFAULT);
    }

    /** Decides about JSON. Bytes are faster, where they are at hand. */
    public Decision evaluate(String json, Question question) throws PolicyException {
        return evaluate(Input.json(json), question);
    }

    /** Decides about a request that was prepared, now. */
    public Decision evaluate(Prepared prepared) throws PolicyException {
        return evaluate(prepared, Question.DEFAULT);
    }

    /**
     * Decides about an input that was prepared.
     *
     * @throws PolicyException.StaleInput when the policies were replaced since
     */
    public Decision evaluate(Prepared prepared, Question question) throws PolicyException {
        try {
            return decision(Native.evaluatePrepared(handle.number, question.stage().ordinal(), question.seconds(),
                    question.nanos(), prepared.handle.number));
        } finally {
            Reference.reachabilityFence(this);
            Reference.reachabilityFence(prepared);
        }
    }

    /**
     * Whether an input is allowed as it is: yes or no, without the text of a decision, which is faster. Whoever asks so carries
     * nothing out, whatever the engine's options say: a decision with an action that must be carried out is a no.
     *
     * @throws PolicyException as {@link #evaluate(Input, Question)}
     */
    public boolean allows(Input input, Question question) throws PolicyException {
        try {
            int answer = asked(input, question, (form, bytes, offset, length) -> Native.allows(handle.number,
                    question.stage().ordinal(), question.seconds(), question.nanos(), form, bytes, offset, length));
            if (answer < 0) {
                // The way that has words says what is wrong.
                evaluate(input, question);
            }
            return answer == 1;
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** As {@link #allows(Input, Question)}, about a request, now. */
    public boolean allows(Input input) throws PolicyException {
        return allows(input, Question.DEFAULT);
    }

    /** As {@link #allows(Input, Question)}, about an input that was prepared: the fastest way to ask. */
    public boolean allows(Prepared prepared, Question question) throws PolicyException {
        try {
            int answer = Native.allowsPrepared(handle.number, question.stage().ordinal(), question.seconds(),
                    question.nanos(), prepared.handle.number);
            if (answer < 0) {
                evaluate(prepared, question);
            }
            return answer == 1;
        } finally {
            Reference.reachabilityFence(this);
            Reference.reachabilityFence(prepared);
        }
    }

    /**
     * Decides about a provider's own body.
     *
     * @param format whose body it is
     * @param body the body, as it was received
     * @param host what the host says beside it: who asks above all; where both say a field, the host's counts
     * @throws PolicyException when one of them is refused, or the format has no bodies of the stage
     */
    public Decision evaluateBody(Format format, byte[] body, Input host, Question question) throws PolicyException {
        try {
            return Decision.read(Reply.of(asked(host, question, (form, bytes, offset, length) -> Native.evaluateBody(
                    handle.number, question.stage().ordinal(), question.seconds(), question.nanos(), format.bytes(),
                    body, form, bytes, offset, length))));
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /**
     * Decides about many inputs in one call. An input that is refused is a deny whose code says so, and the others go on.
     */
    public List<Decision> evaluateBatch(List<? extends Input> inputs, Question question) throws PolicyException {
        Packer frame = Packer.frame();
        try {
            List<Decision> refused = new ArrayList<>();
            for (Input input : inputs) {
                refused.add(append(input, question, frame));
            }
            Reply replies = Reply.of(Native.evaluateBatch(handle.number, question.stage().ordinal(),
                    question.seconds(), question.nanos(), frame.bytes, frame.length));
            List<Decision> decisions = new ArrayList<>(refused.size());
            for (Decision already : refused) {
                decisions.add(already != null ? already : inBatch(replies.part()));
            }
            return decisions;
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** Adds an input to a frame, or gives the deny for one that cannot be written. */
    private Decision append(Input input, Question question, Packer frame) throws PolicyException {
        try {
            asked(input, question, (form, bytes, offset, length) -> {
                int start = frame.open();
                frame.tag((byte) form);
                frame.raw(bytes, offset, length);
                frame.close(start);
                return null;
            });
            return null;
        } catch (PolicyException.InvalidInput error) {
            return error.decision();
        }
    }

    private static Decision inBatch(byte[] reply) {
        try {
            return Decision.read(Reply.of(reply));
        } catch (PolicyException error) {
            return error.decision();
        }
    }

    /**
     * Decides, and says of each rule and each clause why it did or did not match: {@code decision}, and {@code rules} with their
     * {@code clauses}. For operators; it shows values of the input.
     */
    public Map<String, Object> explain(Input input, Question question) throws PolicyException {
        try {
            return Tree.of(Reply.of(asked(input, question, (form, bytes, offset, length) -> Native.explain(handle.number,
                    question.stage().ordinal(), question.seconds(), question.nanos(), form, bytes, offset,
                    length))).tree()).fields();
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** As {@link #explain}, about a provider's own body. */
    public Map<String, Object> explainBody(Format format, byte[] body, Input host, Question question)
            throws PolicyException {
        try {
            return Tree.of(Reply.of(asked(host, question, (form, bytes, offset, length) -> Native.explainBody(handle.number,
                    question.stage().ordinal(), question.seconds(), question.nanos(), format.bytes(), body, form,
                    bytes, offset, length))).tree()).fields();
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /**
     * Reads what the policies ask for, once for many evaluations.
     *
     * @throws PolicyException.InvalidInput when the input is refused as a whole
     */
    public Prepared prepare(Input input) throws PolicyException {
        try {
            return new Prepared(Reply.of(input.with((form, bytes, offset, length) ->
                    Native.prepare(handle.number, form, bytes, offset, length))).number());
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /**
     * Begins an exchange: the stages of one turn.
     *
     * @param host what the host says: who asks, and what it knows beside
     */
    public Exchange exchange(Input host) throws PolicyException {
        try {
            return new Exchange(Reply.of(host.with((form, bytes, offset, length) ->
                    Native.exchange(handle.number, form, bytes, offset, length))).number());
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** As {@link #exchange(Input)}. */
    public Exchange exchange(Map<String, ?> host) throws PolicyException {
        return exchange(Input.of(host));
    }

    /**
     * Goes on with an exchange that {@link Exchange#toJson} wrote, here or in another process.
     *
     * @throws PolicyException when it is not such an exchange, or the policies are not the same here
     */
    public Exchange resume(String state) throws PolicyException {
        try {
            return new Exchange(
                    Reply.of(Native.resume(handle.number, Utf8.of(state))).number());
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** Decides as {@link #evaluate(Input, Question)} does, and takes nothing from limits: {@link Decision#limits} say what would be. */
    public Decision dryRun(Input input, Question question) throws PolicyException {
        try {
            return Decision.read(Reply.of(asked(input, question, (form, bytes, offset, length) -> Native.dryRun(
                    handle.number, question.stage().ordinal(), question.seconds(), question.nanos(), form, bytes, offset,
                    length))));
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /**
     * Closes what is held for a request that was allowed, with what it really used. Settling twice changes nothing, and says so.
     *
     * @param hold {@link Decision#hold}
     * @param used {@link Used} has the names, such as {@code usage} and {@code latency_ms}
     * @throws PolicyException.LimitsUnavailable when the store cannot be asked; then it is still held
     */
    public Closed settle(String hold, Input used) throws PolicyException {
        try {
            byte[] held = held(hold);
            return Closed.read(Reply.of(used.with((form, bytes, offset, length) ->
                    Native.settle(handle.number, held, form, bytes, offset, length))));
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** As {@link #settle(String, Input)}. */
    public Closed settle(String hold, Used used) throws PolicyException {
        return settle(hold, used.input());
    }

    /** Gives back what is held for a request that was not sent. */
    public Closed release(String hold) throws PolicyException {
        try {
            return Closed.read(Reply.of(Native.release(handle.number, held(hold))));
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** Lets what is held live on for another lease, ten minutes: for answers that take long. */
    public Closed extend(String hold) throws PolicyException {
        try {
            return Closed.read(Reply.of(Native.extend(handle.number, held(hold))));
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /**
     * Reports what became of a call that was allowed, to the breakers that let it through. Report each call once; one that was not
     * sent is released instead. {@link #settle(String, Used)} takes the same words beside what was used.
     *
     * @param hold {@link Decision#hold}
     * @param outcome {@code outcome}, and perhaps {@code latency_ms}
     */
    public void observe(String hold, Input outcome) throws PolicyException {
        try {
            byte[] held = held(hold);
            Reply.of(outcome.with((form, bytes, offset, length) ->
                    Native.observe(handle.number, held, form, bytes, offset, length)));
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** As {@link #observe(String, Input)}; the latency may be null. */
    public void observe(String hold, CallOutcome outcome, Duration latency) throws PolicyException {
        observe(hold, Input.of(Used.outcome(outcome, latency)));
    }

    /**
     * Switches a circuit breaker off, as in an emergency or for maintenance: nothing goes through it for this key. What was set before
     * for the same is replaced. At most 4,096 switches are set at a time.
     *
     * @param breaker its name, or {@code namespace/document/breaker}
     * @param key the values of its key; empty for all of them
     * @param reason what decisions show
     * @param until when it ends; null: not before {@link #switchOn}
     */
    public void switchOff(String breaker, List<String> key, String reason, Instant until) throws PolicyException {
        try {
            Reply.of(Native.switchOff(handle.number, Utf8.of(breaker), Packer.texts(key), Utf8.of(reason),
                    until == null ? Long.MAX_VALUE : until.getEpochSecond(), until == null ? 0 : until.getNano()));
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** Takes back what {@link #switchOff} set for the same breaker and key. Nothing happens when nothing is set. */
    public void switchOn(String breaker, List<String> key) throws PolicyException {
        try {
            Reply.of(Native.switchOn(handle.number, Utf8.of(breaker), Packer.texts(key)));
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** The circuit breakers that are switched off. */
    public List<Switch> switches() throws PolicyException {
        return Reply.parse("{\"switches\":" + switchesJson() + "}").list("switches", Switch::of);
    }

    /** As {@link #switches}, as a list in canonical JSON. */
    public String switchesJson() throws PolicyException {
        try {
            return Reply.of(Native.switches(handle.number)).restAsText();
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** What the engine has done since it was made. Counting is always on. */
    public Metrics metrics() throws PolicyException {
        try {
            return Metrics.of(Tree.of(Reply.of(Native.metrics(handle.number)).tree()));
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /**
     * Keeps a record of each evaluation from now on, until {@link #auditDrain} takes it. What was kept before is dropped. Nothing
     * calls back: the host drains as often as it likes, in any thread.
     *
     * @param capacity how many records wait at most; 0 is 8,192. A quarter of them is kept for denies
     * @param key the key of the inputs' digests; null: records have none
     */
    public void auditStart(int capacity, byte[] key) throws PolicyException {
        try {
            Reply.of(Native.auditStart(handle.number, capacity, key));
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** Keeps no more records, and drops those that wait. */
    public void auditStop() throws PolicyException {
        try {
            Reply.of(Native.auditStop(handle.number));
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** Takes out the oldest audit records, at most so many. */
    public AuditRecords auditDrain(int most) throws PolicyException {
        try {
            return AuditRecords.of(Tree.of(Reply.of(Native.auditDrain(handle.number, most)).tree()));
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /**
     * Panics inside of the engine on purpose, so that whoever packs this library can prove that such a thing does no harm.
     *
     * @throws PolicyException.InternalError always
     */
    public static void selfTestPanic() throws PolicyException {
        Reply.of(Native.selfTestPanic());
    }

    /** Closes the engine. Calls that are under way finish; closing twice does nothing. */
    @Override
    public void close() {
        handle.close();
    }

    private static byte[] bytes(Path path) throws PolicyException {
        return Utf8.of(path.toString());
    }

    /** Nothing held is an empty text, of which the library says what is wrong. */
    private static byte[] held(String hold) throws PolicyException {
        return Utf8.of(hold == null ? "" : hold);
    }

    /** What {@code use} makes of an input; when the input cannot be written, the failure comes with the deny that stands for it. */
    private <R> R asked(Input input, Question question, Input.Use<R> use) throws PolicyException {
        try {
            return input.with(use);
        } catch (PolicyException.InvalidInput error) {
            byte[] message = error.getMessage().getBytes(StandardCharsets.UTF_8);
            Reply.of(Native.refuse(handle.number, question.stage().ordinal(), message));
            throw error;
        }
    }
}
