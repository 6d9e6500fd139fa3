package io.github.llmpolicyengine.kotlin

import io.github.llmpolicyengine.kotlin.generated.Document
import io.github.llmpolicyengine.kotlin.generated.Engine as NativeEngine
import io.github.llmpolicyengine.kotlin.generated.Prepared as NativePrepared
import io.github.llmpolicyengine.kotlin.generated.selfTestPanic as nativeSelfTestPanic
import io.github.llmpolicyengine.kotlin.generated.validate as nativeValidate
import io.github.llmpolicyengine.kotlin.generated.validatePath
import java.nio.file.Path
import java.time.Instant

/**
 * Policies, ready to decide.
 *
 * ```
 * Engine.open(Path.of("policies")).use { engine ->
 *     val decision = engine.evaluate("""{"request": {"model": "gpt-5-preview"}}""")
 *     if (!decision.allowed) { ... }
 * }
 * ```
 *
 * A context is JSON, as bytes of UTF-8 or as text; bytes are faster, where they are at hand. Without `now` it is the machine's clock
 * that conditions see. Any number of threads may use an engine, also while one of them reloads or closes it. No input ends the
 * process; an error is a [PolicyException], whose [PolicyException.decision] is a deny.
 */
public class Engine private constructor(private val native: NativeEngine) : AutoCloseable {
    /**
     * Replaces the policies in one step by those at a path, and gives the warnings. When they are refused, nothing changes.
     *
     * @throws PolicyException as [open]
     */
    public fun reload(path: Path): List<Finding> = failing { native.reloadPath(path.toString()) }

    /** As [reload], from documents in memory: texts by the names that messages use. */
    public fun reload(documents: Map<String, String>): List<Finding> = failing { native.reload(inMemory(documents)) }

    /** The digest of the documents: SHA-256, in hexadecimal. */
    public val bundle: String get() = failing { native.bundle() }

    /**
     * Decides about a context.
     *
     * @throws PolicyException.InvalidInput when the input is refused as a whole
     */
    public fun evaluate(context: ByteArray, stage: Stage = Stage.REQUEST, now: Instant? = null): Decision =
        failing { native.evaluate(context, stage, now) }

    /** Decides about a context. */
    public fun evaluate(context: String, stage: Stage = Stage.REQUEST, now: Instant? = null): Decision =
        failing { native.evaluate(bytes(context, stage), stage, now) }

    /** As [evaluate], and takes nothing from limits. */
    public fun dryRun(context: ByteArray, stage: Stage = Stage.REQUEST, now: Instant? = null): Decision =
        failing { native.dryRun(context, stage, now) }

    /**
     * Decides about a provider's own body.
     *
     * @param format its name: `openai-chat`
     * @param host what you say beside it: who asks above all. Where both say a field, yours counts
     */
    public fun evaluateBody(
        format: String,
        body: ByteArray,
        host: ByteArray = NOTHING,
        stage: Stage = Stage.REQUEST,
        now: Instant? = null,
    ): Decision = failing { native.evaluateBody(format, body, host, stage, now) }

    /** Reads a context once for many evaluations. */
    public fun prepare(context: ByteArray): Prepared = Prepared(failing { native.prepare(context) })

    /**
     * Decides about a context that was prepared.
     *
     * @throws PolicyException.StaleInput when the policies were replaced since
     */
    public fun evaluate(prepared: Prepared, stage: Stage = Stage.REQUEST, now: Instant? = null): Decision =
        failing { native.evaluatePrepared(prepared.native, stage, now) }

    /**
     * Decides, and says of each rule and each clause why it did or did not match, as JSON. For operators; it shows values of the
     * input.
     */
    public fun explain(context: ByteArray, stage: Stage = Stage.REQUEST, now: Instant? = null): String =
        failing { native.explain(context, stage, now) }

    /** As [explain], about a provider's own body. */
    public fun explainBody(
        format: String,
        body: ByteArray,
        host: ByteArray = NOTHING,
        stage: Stage = Stage.REQUEST,
        now: Instant? = null,
    ): String = failing { native.explainBody(format, body, host, stage, now) }

    /** Begins an exchange: the stages of one turn. `host` is what you say: who asks, and what you know beside. */
    public fun exchange(host: ByteArray = NOTHING): Exchange = Exchange(failing { native.exchange(host) })

    /** As [exchange]. */
    public fun exchange(host: String): Exchange = Exchange(failing { native.exchange(bytes(host, Stage.REQUEST)) })

    /** Goes on with an exchange that [Exchange.save] wrote, here or in another process. */
    public fun resume(state: String): Exchange =
        Exchange(failing { native.resume(bytes(state, Stage.REQUEST)) })

    /**
     * Closes what is reserved for a request that was allowed, with what it really used.
     *
     * @param hold [Decision.hold]
     * @param used JSON, such as `{"usage": {"input_tokens": 420, "output_tokens": 128}}`
     */
    public fun settle(hold: String, used: String = "{}"): Closing =
        failing { native.settle(hold, bytes(used, Stage.REQUEST)) }

    /** Gives back what is reserved for a request that was not sent. */
    public fun release(hold: String): Closing = failing { native.release(hold) }

    /** Lets what is reserved live on for another lease, ten minutes. */
    public fun extend(hold: String): Closing = failing { native.extend(hold) }

    /**
     * Reports what became of a call that was allowed, to the breakers that let it through.
     *
     * @param outcome JSON, such as `{"outcome": "success", "latency_ms": 812}`, `failure` or `ignored`
     */
    public fun observe(hold: String, outcome: String): Unit =
        failing { native.observe(hold, bytes(outcome, Stage.REQUEST)) }

    /**
     * Sets a switch: until it is taken back or `until` has come, nothing goes through this breaker for this key, the values of the
     * breaker's `key`, or none for all of them.
     */
    public fun switchOff(breaker: String, key: List<String> = listOf(), reason: String, until: Instant? = null): Unit =
        failing { native.switchOff(breaker, key, reason, until) }

    /** Takes back what [switchOff] set for the same breaker and key. */
    public fun switchOn(breaker: String, key: List<String> = listOf()): Unit = failing { native.switchOn(breaker, key) }

    /** The switches that are set, a list in canonical JSON of objects with `breaker`, `key`, `reason` and perhaps `until`. */
    public fun switches(): String = failing { native.switches() }

    /** What this engine has done so far, as JSON. */
    public fun metrics(): String = failing { native.metrics() }

    /**
     * From now on one record is kept for each evaluation, until [auditDrain] takes it: at most `capacity`. With a `key`, records have
     * a digest of the input.
     */
    public fun auditStart(capacity: UInt? = null, key: ByteArray? = null): Unit = failing { native.auditStart(capacity, key) }

    /** No more records are kept. Those that wait are dropped. */
    public fun auditStop(): Unit = failing { native.auditStop() }

    /** Takes out the oldest audit records, at most so many, as JSON: `records`, `dropped`, `waiting`. */
    public fun auditDrain(most: UInt = 1000u): String = failing { native.auditDrain(most) }

    /** Closes the engine. Calls that are under way finish, later ones are [PolicyException.Closed]; closing twice does nothing. */
    override fun close(): Unit = native.shutDown()

    private fun bytes(context: String, stage: Stage): ByteArray = utf8(context) { why -> native.refuse(why, stage) }

    public companion object {
        private val NOTHING = "{}".encodeToByteArray()

        /**
         * An engine from a file, or from all policy documents below a directory.
         *
         * @throws PolicyException.InvalidPolicy when a document is refused, with all findings
         * @throws PolicyException.UnreadableFile when a file cannot be read
         */
        public fun open(path: Path, options: Options = Options()): Engine =
            Engine(failing { NativeEngine.open(path.toString(), options) })

        /** As [open], from documents in memory: texts by the names that messages use. */
        public fun load(documents: Map<String, String>, options: Options = Options()): Engine =
            Engine(failing { NativeEngine.load(inMemory(documents), options) })

        /** What is right and wrong with the documents at a path. Documents that are refused are no failure. */
        public fun validate(path: Path): Report = failing { validatePath(path.toString()) }

        /** As [validate], for documents in memory. */
        public fun validate(documents: Map<String, String>): Report = failing { nativeValidate(inMemory(documents)) }

        /**
         * Panics inside of the engine on purpose, so that whoever packs this library can prove that such a thing does no harm.
         *
         * @throws PolicyException.InternalError always
         */
        public fun selfTestPanic(): Unit = failing { nativeSelfTestPanic() }

        private fun inMemory(documents: Map<String, String>): List<Document> =
            documents.map { (origin, text) -> Document(origin, text.encodeToByteArray()) }
    }
}

/** An input that was read once for many evaluations: [Engine.prepare]. */
public class Prepared internal constructor(internal val native: NativePrepared) : AutoCloseable {
    /** Frees it; what nobody closes is freed when it is garbage. */
    override fun close(): Unit = native.shutDown()
}
