package io.github.llmpolicyengine.kotlin

import io.github.llmpolicyengine.kotlin.generated.Exchange as NativeExchange
import java.time.Instant

/**
 * The stages of one turn, decided about by the policies that were there when it began, for one caller: [Engine.exchange].
 *
 * What was seen in an earlier stage is still there in a later one. What the host said at the beginning stays, and no body can change
 * it. Threads may share an exchange; its evaluations go one after the other.
 */
public class Exchange internal constructor(private val native: NativeExchange) : AutoCloseable {
    /**
     * Decides about what is new in a stage, such as `{"request": {...}}`. It replaces what an earlier stage said under the same name.
     *
     * @throws PolicyException when the body is refused; the exchange is as before then
     */
    public fun evaluate(body: ByteArray, stage: Stage = Stage.REQUEST, now: Instant? = null): Decision =
        failing { native.evaluate(body, stage, now) }

    /** As [evaluate]. */
    public fun evaluate(body: String, stage: Stage = Stage.REQUEST, now: Instant? = null): Decision =
        failing { native.evaluate(bytes(body, stage), stage, now) }

    /** As [evaluate], about a provider's own body; `format` is its name: `openai-chat`. */
    public fun evaluateBody(
        format: String,
        body: ByteArray,
        stage: Stage = Stage.REQUEST,
        now: Instant? = null,
    ): Decision = failing { native.evaluateBody(format, body, stage, now) }

    /**
     * The exchange as text, for [Engine.resume]. It holds the bodies and who asks: keep it as you keep them, and let nobody else write
     * it.
     */
    public fun save(): String = failing { native.save() }

    /** What is reserved for the request that was allowed last. */
    public val hold: String? get() = failing { native.hold() }

    /**
     * Closes what is reserved for the request, with what it really used: `used` as for [Engine.settle]; without it, what the answer
     * says that was decided about.
     */
    public fun settle(used: String? = null): Closing =
        failing { native.settle(used?.let { bytes(it, Stage.REQUEST) }) }

    /**
     * Closes what is reserved for the request with what a provider's answer says that it used; nothing is decided about the answer.
     *
     * @throws PolicyException when the answer is refused as a whole; then it is still held
     */
    public fun settleBody(format: String, answer: ByteArray): Closing = failing { native.settleBody(format, answer) }

    /** Gives back what is reserved for a request that was not sent. */
    public fun release(): Closing = failing { native.release() }

    /** Reports what became of the call that was allowed last, as [Engine.observe]. */
    public fun observe(outcome: String): Unit = failing { native.observe(bytes(outcome, Stage.REQUEST)) }

    /**
     * Takes out of a body what the last decision says, its `redact` actions: of a provider's in [format], or without one of a context in
     * JSON; what is not taken out stays byte for byte. What is taken out in the style `reversible` can be put back by [restore], and in
     * the answer's [stream]; the values are kept in the exchange, and in what [save] gives, in clear.
     *
     * @throws PolicyException when nothing was decided yet in this process, or what was decided refuses the body
     */
    public fun redact(body: ByteArray, format: String? = null): String = failing { native.redact(format, body) }

    /** As [redact]. */
    public fun redact(body: String, format: String? = null): String =
        failing { native.redact(format, bytes(body, Stage.REQUEST)) }

    /** Puts values back into a text of the model, where it wrote their placeholders. Nothing is put into URLs. */
    public fun restore(text: String): String = failing { native.restore(bytes(text, Stage.RESPONSE)) }

    /**
     * Begins the answer of the turn as a stream.
     *
     * @param format whose server-sent events go in and come out (`openai-chat`, `openai-responses`, `anthropic`); without one it is plain
     *     text
     * @param now the time that conditions see, from here to the end
     */
    public fun stream(format: String? = null, now: Instant? = null): AnswerStream =
        AnswerStream(failing { native.stream(format, now) })

    /** Frees it. Calls that are under way finish, later ones are [PolicyException.Closed]; closing twice does nothing. */
    override fun close(): Unit = native.shutDown()

    private fun bytes(body: String, stage: Stage): ByteArray = utf8(body) { why -> native.refuse(why, stage) }
}
