package io.github.llmpolicyengine.kotlin

import io.github.llmpolicyengine.kotlin.generated.AnswerStream as NativeStream

/**
 * The answer of an exchange's turn while it comes: [Exchange.stream]. Threads may share it; what is pushed is one text. It goes on when
 * the exchange is closed.
 */
public class AnswerStream internal constructor(private val native: NativeStream) : AutoCloseable {
    /**
     * Takes the next bytes of the answer, cut anywhere. What comes out is safe to send on now: often nothing. When it is stopped, send
     * that on and read no further; [finish] says why.
     *
     * @throws PolicyException when they cannot be read; the answer ends here then, as when it is stopped
     */
    public fun push(chunk: ByteArray): Passed = failing { native.push(chunk) }

    /**
     * Ends the answer: what was held back, which is nothing of an answer that is refused, and the decision about the whole. Once more, it
     * is the same decision and no bytes.
     *
     * @throws PolicyException when the answer cannot be judged; nothing of what was held back is sent then
     */
    public fun finish(): Finished = failing { native.finish() }

    /**
     * Ends the answer because nobody reads on: what was held back is dropped, and the tokens that came are counted, so that
     * [Exchange.settle] closes what is held with them. After [finish] it changes nothing.
     */
    public fun abort(): Unit = failing { native.abort() }

    /** Frees it, and counts nothing: finish or abort before. Closing twice does nothing. */
    override fun close(): Unit = native.shutDown()
}
