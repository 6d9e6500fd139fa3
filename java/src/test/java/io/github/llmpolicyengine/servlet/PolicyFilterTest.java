package io.github.llmpolicyengine.servlet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import io.github.llmpolicyengine.Document;
import io.github.llmpolicyengine.Engine;
import io.github.llmpolicyengine.Format;
import io.github.llmpolicyengine.Input;
import io.github.llmpolicyengine.LimitState;
import io.github.llmpolicyengine.Question;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.catalina.Context;
import org.apache.catalina.startup.Tomcat;
import org.apache.tomcat.util.descriptor.web.FilterDef;
import org.apache.tomcat.util.descriptor.web.FilterMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The filter in a Tomcat, before endpoints that pass on what a model answers; the model is a server of its own. */
class PolicyFilterTest {
    private static final String POLICY = """
            version: "1.0"
            metadata: {name: answers}
            config: {default_action: allow, stages: [request, response]}
            limits:
              day: {kind: quota, key: user.id, amount: 1000000, window: {fixed: 1d}}
            rules:
              - {id: keys, stages: [response], when: contains_secret(response.text), actions: [{type: deny, code: key}]}
              - id: mail
                stages: [response]
                when: contains_pii(response.text, ['email'])
                actions: [{redact: {fields: [response.text], detect: [email], style: label}}]
            """;
    private static final String KEY = "AKIA" + "IOSFODNN7EXAMPL3";
    private static final String FINE = "Write to ada@example.org, or to Bob; \u2603 \ud83d\udc4b " + "and so on. ".repeat(40);
    private static final String SHOWN = FINE.replace("ada@example.org", "[EMAIL]");
    private static final String BAD = "It begins well, for a while, and then: " + KEY + " it goes on";
    private static final Pattern CONTENT = Pattern.compile("\"content\":\"([^\"]*)\"");

    private static final List<String> DECISIONS = new CopyOnWriteArrayList<>();
    private static final AtomicInteger LEFT = new AtomicInteger();
    private static HttpServer model;
    private static Engine engine;
    private static Tomcat tomcat;
    private static String url;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        model = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        model.createContext("/", exchange -> {
            String[] asked = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8).split("\n", 2);
            exchange.sendResponseHeaders(200, 0);
            try (OutputStream out = exchange.getResponseBody()) {
                model(asked[1], Integer.parseInt(asked[0]), out);
            } catch (IOException gone) {
                LEFT.incrementAndGet();
            }
        });
        model.setExecutor(Executors.newCachedThreadPool());
        model.start();

        engine = Engine.load(Document.of("answers.yaml", POLICY));
        tomcat = new Tomcat();
        tomcat.setBaseDir(folder.toString());
        tomcat.setPort(0);
        tomcat.getConnector();
        Context context = tomcat.addContext("", folder.toString());
        guard(context, "guard", Format.OPENAI_CHAT, "/chat/*");
        guard(context, "unstreamed", Format.OPENAI_COMPLETIONS, "/completions");
        Tomcat.addServlet(context, "chat", new Chat()).setAsyncSupported(true);
        context.addServletMapping("/", "chat");
        tomcat.start();
        url = "http://localhost:" + tomcat.getConnector().getLocalPort();
    }

    private static void guard(Context context, String name, Format format, String path) {
        PolicyFilter filter = new PolicyFilter(engine, format, request -> Map.of("user", Map.of("id", "ann")),
                (stage, decision, error) -> DECISIONS.add(stage + " " + decision.effect()), PolicyFilter.MAX_BYTES);
        FilterDef definition = new FilterDef();
        definition.setFilterName(name);
        definition.setFilter(filter);
        definition.setAsyncSupported("true");
        context.addFilterDef(definition);
        FilterMap map = new FilterMap();
        map.setFilterName(name);
        map.addURLPattern(path);
        context.addFilterMap(map);
    }

    @AfterAll
    static void stop() throws Exception {
        tomcat.stop();
        tomcat.destroy();
        model.stop(0);
        engine.close();
    }

    private static String event(String delta, String reason) {
        return "data: {\"id\":\"1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":"
                + delta + ",\"finish_reason\":" + reason + "}]}\n\n";
    }

    private static String events(String text) {
        StringBuilder events = new StringBuilder();
        int[] points = text.codePoints().toArray();
        for (int at = 0; at < points.length; at += 7) {
            events.append(event("{\"content\":\"" + new String(points, at, Math.min(7, points.length - at)) + "\"}", "null"));
        }
        return events.append(event("{}", "\"stop\"")).append("data: [DONE]\n\n").toString();
    }

    private static void model(String says, int size, OutputStream out) throws IOException {
        if (says.equals("endless")) {
            while (true) {
                out.write(event("{\"content\":\"word and \"}", "null").getBytes(StandardCharsets.UTF_8));
                out.flush();
            }
        }
        String text = says.equals("garbage") ? "data: {\"choices\": [{\"delta\": {\"content\": 5\n\n" : events(says);
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        for (int at = 0; at < bytes.length; at += size) {
            out.write(bytes, at, Math.min(size, bytes.length - at));
            out.flush();
        }
    }

    /** Endpoints that pass on what the model says, each in a way of its own: the last part of the path. */
    private static final class Chat extends HttpServlet {
        private static final long serialVersionUID = 1;

        @Override
        protected void doPost(HttpServletRequest request, HttpServletResponse response) throws IOException {
            String body = new String(request.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            Matcher content = CONTENT.matcher(body);
            String says = content.find() ? content.group(1) : "";
            int size = request.getParameter("size") == null ? 64 : Integer.parseInt(request.getParameter("size"));
            String way = request.getRequestURI().substring(request.getRequestURI().lastIndexOf('/') + 1);
            response.setContentType("text/event-stream;charset=utf-8");
            switch (way) {
                case "direct", "completions" -> pass(says, size, response);
                case "writer" -> {
                    response.setContentLength(3);
                    response.getWriter().print(events(says));
                }
                case "async", "dispatched", "other" -> {
                    if (way.equals("other")) {
                        response.setContentType("application/json");
                    }
                    AsyncContext later = way.equals("async") ? request.startAsync() : request.startAsync(request, response);
                    later.start(() -> {
                        try {
                            if (!way.equals("other")) {
                                pass(says, size, (HttpServletResponse) later.getResponse());
                            }
                        } catch (IOException gone) {
                            // Nobody reads on.
                        } finally {
                            if (way.equals("async")) {
                                later.complete();
                            } else {
                                later.dispatch("/done");
                            }
                        }
                    });
                }
                case "encoded" -> {
                    response.setHeader("Content-Encoding", "gzip");
                    response.getWriter().print(events(says));
                }
                case "breaks" -> {
                    response.getOutputStream().write(events(FINE).substring(0, 3000).getBytes(StandardCharsets.UTF_8));
                    throw new IllegalStateException("the model broke off");
                }
                case "json" -> {
                    response.setContentType("application/json");
                    response.getWriter().print("{\"model\":\"m\",\"choices\":[{\"index\":0,\"finish_reason\":\"stop\",\"message\":{\"role\":"
                            + "\"assistant\",\"content\":\"" + says + "\"}}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}}");
                }
                default -> throw new IOException("dispatched to " + way);
            }
        }

        @Override
        protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
            if (!request.getRequestURI().equals("/done")) {
                doPost(request, response);
            } else {
                response.getWriter().print("{\"model\":\"m\",\"choices\":[{\"message\":{\"content\":\"" + BAD + "\"}}]}");
            }
        }

        private static void pass(String says, int size, HttpServletResponse response) throws IOException {
            HttpRequest ask = HttpRequest.newBuilder(URI.create("http://localhost:" + model.getAddress().getPort()))
                    .POST(HttpRequest.BodyPublishers.ofString(size + "\n" + says)).build();
            try (InputStream in = HttpClient.newHttpClient().send(ask, HttpResponse.BodyHandlers.ofInputStream()).body()) {
                byte[] buffer = new byte[size];
                for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                    response.getOutputStream().write(buffer, 0, count);
                }
            } catch (InterruptedException interrupted) {
                throw new IOException(interrupted);
            }
        }
    }

    private static HttpResponse<InputStream> post(String path, String content) throws Exception {
        String body = "{\"model\":\"m\",\"stream\":true,\"max_tokens\":5000,\"messages\":[{\"role\":\"user\",\"content\":\"" + content + "\"}]}";
        if (path.startsWith("/completions")) {
            body = "{\"model\":\"m\",\"prompt\":\"x\"}";
        }
        return HttpClient.newHttpClient().send(
                HttpRequest.newBuilder(URI.create(url + path)).POST(HttpRequest.BodyPublishers.ofString(body)).build(),
                HttpResponse.BodyHandlers.ofInputStream());
    }

    /** All that comes, also of an answer that is cut off. */
    private static String read(HttpResponse<InputStream> answer) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        try (InputStream in = answer.body()) {
            in.transferTo(all);
        } catch (IOException cut) {
            // What came before is what is asked for.
        }
        return all.toString(StandardCharsets.UTF_8);
    }

    private static String said(String events) {
        StringBuilder said = new StringBuilder();
        CONTENT.matcher(events).results().forEach(part -> said.append(part.group(1)));
        return said.toString();
    }

    /** What ann has used, when nothing is held any more. */
    private static double used() throws Exception {
        Input nothing = Input.of(Map.of("user", Map.of("id", "ann"), "request", Map.of("max_tokens", 0)));
        for (int tries = 0; tries < 500; tries++) {
            LimitState day = engine.dryRun(nothing, Question.DEFAULT).limits().get(0);
            if (day.reserved() == 0) {
                return day.used();
            }
            Thread.sleep(10);
        }
        throw new AssertionError("it is still held");
    }

    @Test
    void eventsGoOutAsFarAsTheyAreSafe() throws Exception {
        for (String way : List.of("direct", "writer", "async", "dispatched")) {
            for (int size : new int[] {1, 3, 64, 100_000}) {
                HttpResponse<InputStream> fine = post("/chat/" + way + "?size=" + size, FINE);
                String text = read(fine);
                assertEquals(SHOWN, said(text), way + ", " + size);
                assertTrue(text.endsWith("data: [DONE]\n\n") && fine.headers().firstValue("content-length").isEmpty());
                used();
                DECISIONS.clear();
                String bad = read(post("/chat/" + way + "?size=" + size, BAD));
                assertTrue(!bad.contains("AKIA") && BAD.startsWith(said(bad)) && bad.contains("content_filter"), bad);
                used();
                assertEquals(List.of("REQUEST ALLOW", "RESPONSE DENY"), List.copyOf(DECISIONS), way);
            }
        }
    }

    @Test
    void whatWasCountedIsSettledWhenTheClientLeaves() throws Exception {
        for (String way : List.of("direct", "async", "dispatched")) {
            double before = used();
            int left = LEFT.get();
            try (InputStream in = post("/chat/" + way, "endless").body()) {
                StringBuilder read = new StringBuilder();
                while (said(read.toString()).length() < 500) {
                    byte[] part = in.readNBytes(300);
                    assertTrue(part.length > 0, "the answer ends: " + read);
                    read.append(new String(part, StandardCharsets.UTF_8));
                }
            }
            double used = used() - before;
            assertTrue(used > 50, way + ": " + used);
            for (int tries = 0; LEFT.get() == left; tries++) {
                assertTrue(tries < 500, "the model is still read");
                Thread.sleep(10);
            }
        }
    }

    @Test
    void whatCannotBeJudgedDoesNotGoOut() throws Exception {
        for (String way : List.of("direct", "async", "dispatched")) {
            assertEquals("", said(read(post("/chat/" + way, "garbage"))));
        }
        String cut = read(post("/chat/breaks", "x"));
        assertTrue(SHOWN.startsWith(said(cut)) && !cut.contains("ada@"), cut);
        for (String path : List.of("/chat/encoded", "/chat/other", "/completions")) {
            HttpResponse<InputStream> answer = post(path, BAD);
            String text = read(answer);
            assertEquals(502, answer.statusCode(), path);
            assertFalse(text.contains("AKIA") || text.contains("data:"), text);
        }
        used();
    }

    @Test
    void wholeAnswersAreAsBefore() throws Exception {
        double before = used();
        HttpResponse<InputStream> fine = post("/chat/json", "fine");
        assertTrue(read(fine).contains("\"content\":\"fine\""));
        assertEquals(before + 7, used());
        HttpResponse<InputStream> bad = post("/chat/json", BAD);
        assertEquals(403, bad.statusCode());
        assertFalse(read(bad).contains("AKIA"));
    }
}
