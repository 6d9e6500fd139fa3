package io.github.llmpolicyengine.kotlin

import java.nio.file.Files
import java.nio.file.Path
import java.util.concurrent.Callable
import java.util.concurrent.Executors
import java.util.concurrent.atomic.AtomicBoolean
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class LifecycleTest {
    private val preview = Policies.PREVIEW.encodeToByteArray()

    @Test
    fun useAfterCloseIsAnError() {
        val engine = Policies.models()
        val prepared = engine.prepare(preview)
        val other = engine.prepare(preview)
        val exchange = engine.exchange()
        val stream = exchange.stream()
        repeat(2) { prepared.close() }
        assertThrows(PolicyException.Closed::class.java) { engine.evaluate(prepared) }
        repeat(2) { engine.close() }
        val closed = assertThrows(PolicyException.Closed::class.java) { engine.evaluate(preview) }
        assertEquals(listOf("invalid_handle", "this engine is closed", ""), listOf(closed.code, closed.message, closed.decision.bundle))
        assertEquals(Effect.DENY, closed.decision.effect)
        val calls = listOf<() -> Any>(
            { engine.evaluate(other) }, { engine.reload(mapOf("m.yaml" to Policies.MODELS)) }, { engine.bundle },
            { engine.exchange() }, { engine.explain(preview) }, { engine.metrics() }, { engine.auditDrain() },
            { engine.evaluateBody("openai-chat", preview) }, { engine.evaluate("\uD800") },
        )
        for (call in calls) {
            assertThrows(PolicyException.Closed::class.java) { call() }
        }
        assertEquals("preview", exchange.evaluate(preview).code, "an exchange keeps its policies")
        repeat(2) { exchange.close() }
        assertThrows(PolicyException.Closed::class.java) { exchange.evaluate(preview) }
        assertThrows(PolicyException.Closed::class.java) { exchange.save() }
        assertThrows(PolicyException.Closed::class.java) { exchange.redact("{}") }
        assertThrows(PolicyException.Closed::class.java) { exchange.stream() }
        stream.push("a stream goes on".encodeToByteArray())
        assertTrue(stream.finish().decision.allowed)
        repeat(2) { stream.close() }
        assertFalse(assertThrows(PolicyException.Closed::class.java) { stream.finish() }.decision.allowed)
        assertThrows(PolicyException.Closed::class.java) { stream.push(preview) }
        assertThrows(PolicyException.Closed::class.java) { stream.abort() }
        val detector = Detector()
        repeat(2) { detector.close() }
        assertThrows(PolicyException.Closed::class.java) { detector.scan("") }
        assertThrows(PolicyException.Closed::class.java) { detector.redact("") }
    }

    /** Four threads decide in every way while one reloads: each decision is one of the two policies'. */
    @Test
    fun threadsWithReload(): Unit = Policies.models().use { engine ->
        val lax = Policies.MODELS.replace("code: preview", "code: other")
        val done = AtomicBoolean()
        val threads = Executors.newFixedThreadPool(4)
        val ways = listOf<() -> Decision>(
            { engine.evaluate(preview) },
            { engine.evaluate(Policies.PREVIEW) },
            { engine.exchange().use { it.evaluate(preview) } },
            { engine.prepare(preview).use { engine.evaluate(it) } },
        )
        val counts = ways.map { way ->
            threads.submit(Callable {
                var count = 0
                while (!done.get()) {
                    try {
                        assertTrue(way().code in listOf("preview", "other"))
                        count++
                    } catch (_: PolicyException.StaleInput) {
                        // The policies were replaced in between.
                    }
                }
                count
            })
        }
        repeat(100) { round -> engine.reload(mapOf("models.yaml" to if (round % 2 == 0) lax else Policies.MODELS)) }
        done.set(true)
        counts.forEach { assertTrue(it.get() > 0) }
        threads.shutdown()
    }

    @Test
    fun closingDuringCalls() {
        val threads = Executors.newFixedThreadPool(4)
        repeat(20) {
            val engine = Policies.models()
            val calls = List(3) {
                Callable {
                    assertThrows(PolicyException.Closed::class.java) {
                        while (true) {
                            assertEquals("preview", engine.evaluate(preview).code)
                        }
                    }
                    true
                }
            }
            val close = Callable {
                Thread.sleep(3)
                engine.close()
                true
            }
            threads.invokeAll(calls + close).forEach { assertTrue(it.get()) }
        }
        threads.shutdown()
    }

    /** What leaks grows in every round; a heap that the garbage collector lets grow stands still in some. */
    @Test
    fun memoryIsFlat(): Unit = Policies.examples().use { engine ->
        val times = Integer.getInteger("evaluations", 100_000)
        run(engine, 20_000)
        val grown = List(5) {
            val before = residentKilobytes()
            run(engine, times / 5)
            residentKilobytes() - before
        }
        // 100 bytes for each evaluation.
        assertTrue(grown.min() < times / 5 / 10, "$grown kB more after each fifth of $times evaluations")
    }

    private fun run(engine: Engine, times: Int) {
        val json = Policies.context()
        val text = json.decodeToString()
        for (round in 0 until times) {
            when (round % 8) {
                0 -> engine.evaluate(text)
                1 -> engine.prepare(json).use { engine.evaluate(it) }
                2 -> engine.exchange().use { it.save() }
                3 -> assertThrows(PolicyException.InvalidInput::class.java) { engine.evaluate("nonsense") }
                else -> engine.evaluate(json)
            }
        }
    }

    private fun residentKilobytes(): Long {
        // What is garbage is freed by a thread of its own.
        repeat(3) {
            System.gc()
            Thread.sleep(100)
        }
        return Files.readAllLines(Path.of("/proc/self/status")).first { it.startsWith("VmRSS:") }.filter(Char::isDigit).toLong()
    }
}
