package io.github.llmpolicyengine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Whatever comes in, what comes out is a decision or an exception with a deny. */
class GarbageTest {
    private static final Question DEFAULT = Question.DEFAULT;

    private interface Call {
        Object run() throws PolicyException;
    }

    private static Object answer(Object answer) throws PolicyException {
        return answer instanceof byte[] bytes ? Reply.of(bytes) : answer;
    }

    private static void survives(Call call) {
        try {
            call.run();
        } catch (PolicyException error) {
            assertFalse(error.decision().allowed());
            assertFalse(error.getMessage().isEmpty());
            assertTrue(error.code() != ErrorCode.INTERNAL_ERROR, error.getMessage());
        }
    }

    private static void everyEntry(Engine engine, Exchange exchange, byte[] bytes) {
        survives(() -> engine.evaluate(bytes));
        survives(() -> engine.evaluate(ByteBuffer.allocateDirect(bytes.length).put(bytes).flip()));
        survives(() -> engine.evaluate(new String(bytes, StandardCharsets.ISO_8859_1)));
        survives(() -> engine.allows(Input.json(bytes)));
        survives(() -> engine.explain(Input.json(bytes), DEFAULT));
        survives(() -> engine.prepare(Input.json(bytes)));
        survives(() -> engine.evaluateBatch(List.of(Input.json(bytes), Input.json(bytes)), DEFAULT));
        survives(() -> engine.evaluateBody(Format.OPENAI_CHAT, bytes, Input.of(Map.of()), DEFAULT));
        survives(() -> engine.evaluateBody(Format.ANTHROPIC, "{}".getBytes(StandardCharsets.UTF_8),
                Input.json(bytes), DEFAULT));
        survives(() -> engine.exchange(Input.json(bytes)));
        survives(() -> engine.resume(new String(bytes, StandardCharsets.ISO_8859_1)));
        survives(() -> exchange.evaluate(Input.json(bytes), DEFAULT));
        survives(() -> exchange.evaluateBody(Format.GEMINI, bytes, DEFAULT));
        survives(() -> Engine.load(Document.of("garbage.yaml", bytes)));
        survives(() -> Engine.validate(Document.of("garbage.yaml", bytes)));
        survives(() -> {
            engine.reload(Document.of("garbage.yaml", bytes));
            return null;
        });
    }

    @Test
    void garbageAndTruncatedInput() throws Exception {
        Random random = new Random(11);
        byte[] json = Files.readAllBytes(Policies.contexts().get(0));
        byte[] yaml = Policies.MODELS.getBytes(StandardCharsets.UTF_8);
        try (Engine engine = Policies.models(); Exchange exchange = engine.exchange(Map.of())) {
            for (int round = 0; round < 300; round++) {
                byte[] noise = new byte[random.nextInt(80)];
                random.nextBytes(noise);
                everyEntry(engine, exchange, noise);
                everyEntry(engine, exchange, Arrays.copyOf(json, random.nextInt(json.length)));
                everyEntry(engine, exchange, Arrays.copyOf(yaml, random.nextInt(yaml.length)));
                byte[] changed = json.clone();
                changed[random.nextInt(changed.length)] = (byte) random.nextInt();
                everyEntry(engine, exchange, changed);
            }
            for (byte[] odd : new byte[][] {{}, "null".getBytes(StandardCharsets.UTF_8), new byte[1 << 20],
                    "[".repeat(100_000).getBytes(StandardCharsets.UTF_8)}) {
                everyEntry(engine, exchange, odd);
            }
            engine.reload(Document.of("models.yaml", Policies.MODELS));
            assertEquals("preview", engine.evaluate(Map.of("request", Map.of("model", "x-preview"))).code());
        }
    }

    /** The native functions themselves, past what the classes check. */
    @Test
    void garbageAtTheBorder() throws Exception {
        Random random = new Random(12);
        byte[] packed = Packer.pack(Reply.parse(Files.readString(Policies.contexts().get(0))).fields());
        byte[] options = Options.DEFAULT.pack();
        byte[] models = Document.frame(List.of(Document.of("models.yaml", Policies.MODELS)));
        long engine = Reply.of(Native.load(models, options)).number();
        for (int end = 0; end < packed.length; end++) {
            int length = end;
            assertThrows(PolicyException.InvalidInput.class, () -> answer(
                    Native.evaluate(engine, 0, 0, 0, Input.PACKED, packed, 0, length)), "cut off at " + end);
        }
        for (int round = 0; round < 5_000; round++) {
            byte[] changed = packed.clone();
            for (int n = random.nextInt(4); n >= 0; n--) {
                changed[random.nextInt(changed.length)] = (byte) random.nextInt(round % 2 == 0 ? 256 : 11);
            }
            survives(() -> answer(Native.evaluate(engine, 0, 0, 0, Input.PACKED, changed, 0, changed.length)));
            survives(() -> Reply.of(Native.prepare(engine, Input.PACKED, changed, 0, changed.length)));
            survives(() -> Reply.of(Native.unpack(changed)));
            survives(() -> Reply.of(Native.pack(changed)));
            survives(() -> Reply.of(Native.load(changed, options)));
            survives(() -> Reply.of(Native.load(models, changed)));
            survives(() -> Reply.of(Native.evaluateBatch(engine, 0, 0, 0, changed, changed.length)));
        }
        int[][] ranges = {{-1, 1}, {0, -1}, {1, packed.length}, {packed.length + 1, 0}, {Integer.MAX_VALUE, 1},
            {Integer.MAX_VALUE, Integer.MAX_VALUE}};
        for (int[] range : ranges) {
            assertThrows(PolicyException.InvalidArgument.class, () -> answer(
                    Native.evaluate(engine, 0, 0, 0, Input.PACKED, packed, range[0], range[1])));
            assertEquals(-1, Native.allows(engine, 0, 0, 0, Input.PACKED, packed, range[0], range[1]));
        }
        assertThrows(PolicyException.InvalidArgument.class,
                () -> answer(Native.evaluate(engine, 0, 0, 0, 0, null, 0, 0)));
        assertThrows(PolicyException.InvalidArgument.class, () -> Reply.of(Native.open(null, null)));
        for (int stage : new int[] {-1, 4, Integer.MIN_VALUE}) {
            assertThrows(PolicyException.InvalidArgument.class,
                    () -> answer(Native.evaluate(engine, stage, 0, 0, 1, packed, 0, packed.length)));
        }
        assertThrows(PolicyException.InvalidArgument.class,
                () -> answer(Native.evaluate(engine, 0, Long.MAX_VALUE, 0, 1, packed, 0, packed.length)));
        byte[] format = "openai-chta".getBytes(StandardCharsets.UTF_8);
        var unknown = assertThrows(PolicyException.InvalidArgument.class, () -> Reply.of(
                Native.evaluateBody(engine, 0, 0, 0, format, packed, 1, packed, 0, packed.length)));
        for (Format known : Format.ALL) {
            assertTrue(unknown.getMessage().contains(known.wireName()), unknown.getMessage());
        }
        for (int round = 0; round < 1_000; round++) {
            long number = random.nextLong();
            assertThrows(PolicyException.Closed.class,
                    () -> answer(Native.evaluate(number, 0, 0, 0, 1, packed, 0, packed.length)));
            assertFalse(Native.close(number));
            assertFalse(Native.freePrepared(number));
            assertFalse(Native.freeExchange(number));
        }
        assertTrue(Native.close(engine));
        assertFalse(Native.close(engine));
    }
}
