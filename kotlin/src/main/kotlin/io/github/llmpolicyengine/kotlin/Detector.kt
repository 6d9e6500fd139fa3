package io.github.llmpolicyengine.kotlin

import io.github.llmpolicyengine.kotlin.generated.Detector as NativeDetector
import io.github.llmpolicyengine.kotlin.generated.refuse as nativeRefuse

/**
 * Finds personal data, secrets, injections and more in texts, and takes them out, without a policy. Any number of threads may use one.
 *
 * ```
 * Detector("""{"families": ["pii"]}""").use { detector ->
 *     for (found in detector.scan(text).findings) println("${found.kind} at ${found.utf16.start}")
 *     val clean = detector.redact(text)
 * }
 * ```
 *
 * @param options JSON, of which each part may be left out: `profile` (`chat`, `code`, `argument`, `sql`), `families`, `kinds`, `regions`,
 *     `thresholds`, `patterns`, `allow`, `max_bytes`, `key`
 * @throws PolicyException.InvalidArgument when there is something else in it
 */
public class Detector(options: String = "{}") : AutoCloseable {
    private val native: NativeDetector = failing { NativeDetector(bytes(options)) }

    /** What is found in a text: kinds and places, never the text itself. A string counts places as their `utf16` does. */
    public fun scan(text: String): Scan = failing { native.scan(bytes(text)) }

    /**
     * A text without what is found in it.
     *
     * @param style `label`, `placeholder`, `mask`, `partial`, `hash` or `remove`
     * @param format what the text is: `text`; `json`, whose texts, numbers and names are redacted in place; or the name of a provider's
     *     format
     * @param stage which body of a provider it is: a request, or an answer with [Stage.RESPONSE]
     */
    public fun redact(text: String, style: String = "label", format: String = "text", stage: Stage? = null): String =
        failing {
            val form = if (stage == null) format else "$format/${stage.name.lowercase()}"
            native.redact(form, style, bytes(text))
        }

    /** Frees it. Calls that are under way finish, later ones are [PolicyException.Closed]; closing twice does nothing. */
    override fun close(): Unit = native.shutDown()

    private companion object {
        fun bytes(text: String): ByteArray = utf8(text, ::nativeRefuse)
    }
}
