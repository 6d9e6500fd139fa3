package io.github.llmpolicyengine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class LifecycleTest {
    private static final Map<String, Object> PREVIEW = Map.of("request", Map.of("model", "gpt-5-preview"));

    @Test
    void useAfterCloseIsAnError() throws Exception {
        Engine engine = Policies.models();
        Prepared prepared = engine.prepare(Input.of(PREVIEW));
        Exchange exchange = engine.exchange(Map.of());
        prepared.close();
        prepared.close();
        assertThrows(PolicyException.Closed.class, () -> engine.evaluate(prepared));
        Prepared other = engine.prepare(Input.of(PREVIEW));
        engine.close();
        engine.close();
        var closed = assertThrows(PolicyException.Closed.class, () -> engine.evaluate(PREVIEW));
        assertEquals("this engine is closed", closed.getMessage());
        assertEquals(Effect.DENY, closed.decision().effect());
        assertThrows(PolicyException.Closed.class, () -> engine.allows(Input.of(PREVIEW)));
        assertThrows(PolicyException.Closed.class, () -> engine.evaluate(other));
        assertThrows(PolicyException.Closed.class, () -> engine.evaluateBatch(List.of(), Question.DEFAULT));
        assertThrows(PolicyException.Closed.class, () -> engine.reload(Document.of("m.yaml", Policies.MODELS)));
        assertThrows(PolicyException.Closed.class, engine::bundle);
        assertThrows(PolicyException.Closed.class, () -> engine.exchange(Map.of()));
        // An exchange keeps the policies that it began with.
        assertEquals("preview", exchange.evaluate(Stage.REQUEST, PREVIEW).code());
        exchange.close();
        assertThrows(PolicyException.Closed.class, () -> exchange.evaluate(Stage.REQUEST, PREVIEW));
        assertThrows(PolicyException.Closed.class, exchange::toJson);
    }

    /** Four threads decide in every way while one reloads: each decision is one of the two policies'. */
    @Test
    void threadsWithReload() throws Exception {
        String strict = Policies.MODELS;
        String lax = Policies.MODELS.replace("code: preview", "code: other");
        AtomicBoolean done = new AtomicBoolean();
        try (Engine engine = Policies.models()) {
            var threads = Executors.newFixedThreadPool(5);
            List<Future<Integer>> results = new ArrayList<>();
            for (int thread = 0; thread < 4; thread++) {
                int way = thread;
                results.add(threads.submit(() -> {
                    Context context = new Context().object("request").string("model", "gpt-5-preview").end();
                    int count = 0;
                    while (!done.get()) {
                        Decision decision = switch (way) {
                            case 0 -> engine.evaluate(PREVIEW);
                            case 1 -> engine.evaluate(context);
                            case 2 -> engine.evaluate("{\"request\": {\"model\": \"gpt-5-preview\"}}");
                            default -> prepared(engine);
                        };
                        assertTrue(decision == null || List.of("preview", "other").contains(decision.code()));
                        count++;
                    }
                    return count;
                }));
            }
            for (int round = 0; round < 200; round++) {
                engine.reload(Document.of("models.yaml", round % 2 == 0 ? lax : strict));
            }
            done.set(true);
            for (Future<Integer> result : results) {
                assertTrue(result.get() > 0);
            }
            threads.shutdown();
        }
    }

    /** Null when the policies were replaced in between. */
    private static Decision prepared(Engine engine) throws PolicyException {
        try (Prepared prepared = engine.prepare(Input.of(PREVIEW))) {
            return engine.evaluate(prepared);
        } catch (PolicyException.StaleInput stale) {
            return null;
        }
    }

    @Test
    void closingDuringCalls() throws Exception {
        var threads = Executors.newFixedThreadPool(4);
        for (int round = 0; round < 30; round++) {
            Engine engine = Policies.models();
            List<Callable<Integer>> calls = new ArrayList<>();
            for (int thread = 0; thread < 3; thread++) {
                calls.add(() -> {
                    int count = 0;
                    try {
                        while (true) {
                            assertEquals("preview", engine.evaluate(PREVIEW).code());
                            count++;
                        }
                    } catch (PolicyException.Closed closed) {
                        return count;
                    }
                });
            }
            calls.add(() -> {
                Thread.sleep(3);
                engine.close();
                return 0;
            });
            for (Future<Integer> result : threads.invokeAll(calls)) {
                result.get();
            }
        }
        threads.shutdown();
    }

    /** What nobody closed is freed with its owner. */
    @Test
    void garbageCollectionFrees() throws Exception {
        long number = forgotten();
        boolean freed = false;
        for (int round = 0; round < 100 && !freed; round++) {
            System.gc();
            Thread.sleep(20);
            freed = isClosed(number);
        }
        assertTrue(freed, "a forgotten prepared input is freed");
    }

    private static long forgotten() throws Exception {
        try (Engine engine = Policies.models()) {
            return engine.prepare(Input.of(PREVIEW)).handle.number;
        }
    }

    private static boolean isClosed(long prepared) throws Exception {
        byte[] models = Document.frame(List.of(Document.of("m.yaml", Policies.MODELS)));
        long engine = Reply.of(Native.load(models, Options.DEFAULT.pack())).number();
        try {
            Reply.of((byte[]) Native.evaluatePrepared(engine, 0, 0, 0, prepared));
            return false;
        } catch (PolicyException.StaleInput stale) {
            return false;
        } catch (PolicyException.Closed closed) {
            return true;
        } finally {
            Native.close(engine);
        }
    }

    /** The process holds no more after many evaluations than after some. */
    @Test
    void memoryIsFlat() throws Exception {
        int evaluations = Integer.getInteger("evaluations", 100_000);
        byte[] json = Files.readAllBytes(Policies.contexts().get(0));
        try (Engine engine = Policies.examples()) {
            Map<String, Object> map = Reply.parse(Files.readString(Policies.contexts().get(0))).fields();
            Context context = new Context();
            run(engine, json, map, context, 20_000);
            long before = residentKilobytes();
            run(engine, json, map, context, evaluations);
            long grown = residentKilobytes() - before;
            assertTrue(grown < 24_000, grown + " kB more after " + evaluations + " evaluations");
        }
    }

    private static void run(Engine engine, byte[] json, Map<String, Object> map, Context context, int times)
            throws PolicyException {
        Question question = Question.DEFAULT;
        for (int round = 0; round < times; round++) {
            switch (round % 8) {
                case 0 -> engine.evaluate(map, question).matched();
                case 1 -> {
                    try (Prepared prepared = engine.prepare(Input.json(json))) {
                        engine.evaluate(prepared, question);
                    }
                }
                case 2 -> {
                    context.clear();
                    map.forEach(context::value);
                    engine.allows(context, question);
                }
                case 3 -> {
                    try {
                        engine.evaluate("nonsense");
                    } catch (PolicyException refused) {
                        refused.decision();
                    }
                }
                default -> engine.evaluate(json, question);
            }
        }
    }

    private static long residentKilobytes() throws Exception {
        System.gc();
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith("VmRSS:")) {
                return Long.parseLong(line.replaceAll("\\D", ""));
            }
        }
        throw new AssertionError("no VmRSS");
    }
}
