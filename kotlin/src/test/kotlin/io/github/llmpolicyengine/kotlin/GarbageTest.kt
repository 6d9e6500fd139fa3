package io.github.llmpolicyengine.kotlin

import java.util.Random
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Test

/** Whatever comes in, what comes out is an answer or an exception with a deny. */
class GarbageTest {
    private val detector = Detector()

    private fun survives(call: () -> Any) {
        try {
            call()
        } catch (error: PolicyException) {
            assertFalse(error.decision.allowed)
            assertFalse(error.message.isNullOrEmpty())
            assertFalse(error is PolicyException.InternalError, error.message)
        }
    }

    private fun everyEntry(engine: Engine, exchange: Exchange, bytes: ByteArray) {
        val text = bytes.toString(Charsets.ISO_8859_1)
        survives { engine.evaluate(bytes) }
        survives { engine.evaluate(text) }
        survives { engine.dryRun(bytes) }
        survives { engine.explain(bytes) }
        survives { engine.prepare(bytes) }
        survives { engine.evaluateBody("openai-chat", bytes) }
        survives { engine.evaluateBody("anthropic", "{}".encodeToByteArray(), bytes) }
        survives { engine.explainBody("gemini", bytes, stage = Stage.RESPONSE) }
        survives { engine.evaluateBody(text, bytes) }
        survives { engine.exchange(bytes) }
        survives { engine.resume(text) }
        survives { exchange.evaluate(bytes) }
        survives { exchange.evaluateBody("bedrock", bytes) }
        survives { exchange.settle(text) }
        survives { exchange.settleBody("openai-chat", bytes) }
        survives { exchange.redact(bytes, "anthropic") }
        survives { exchange.redact(bytes) }
        survives { exchange.restore(text) }
        for (format in listOf(null, "openai-chat", "openai-responses", "anthropic", text)) {
            survives { exchange.stream(format).use { it.push(bytes).also { _ -> survives { it.finish() } } } }
        }
        survives { Detector(text) }
        survives { detector.scan(text) }
        survives { detector.redact(text, format = "json") }
        survives { detector.redact(text, format = "gemini", stage = Stage.RESPONSE) }
        survives { detector.redact(text, text, text) }
        survives { engine.settle(text, text) }
        survives { engine.release(text) }
        survives { Engine.load(mapOf("garbage.yaml" to text)) }
        survives { Engine.validate(mapOf("garbage.yaml" to text)) }
        survives { engine.reload(mapOf("garbage.yaml" to text)) }
    }

    @Test
    fun garbageAndTruncatedInput(): Unit = Policies.models().use { engine ->
        val random = Random(11)
        val json = Policies.context()
        val yaml = Policies.MODELS.encodeToByteArray()
        engine.exchange().use { exchange ->
            repeat(100) {
                everyEntry(engine, exchange, ByteArray(random.nextInt(80)).also(random::nextBytes))
                everyEntry(engine, exchange, json.copyOf(random.nextInt(json.size)))
                everyEntry(engine, exchange, yaml.copyOf(random.nextInt(yaml.size)))
                val changed = json.clone()
                changed[random.nextInt(changed.size)] = random.nextInt().toByte()
                everyEntry(engine, exchange, changed)
            }
            for (odd in listOf("", "null", "\u0000".repeat(1 shl 18), "[".repeat(100_000))) {
                everyEntry(engine, exchange, odd.encodeToByteArray())
            }
        }
        engine.reload(mapOf("models.yaml" to Policies.MODELS))
        assertEquals("preview", engine.evaluate(Policies.PREVIEW).code)
    }
}
