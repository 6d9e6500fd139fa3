package io.github.llmpolicyengine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeLibraryTest {
    @TempDir
    Path folder;

    private static List<Path> classPath() {
        return Arrays.stream(System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"))
                .split(java.io.File.pathSeparator)).map(Path::of).toList();
    }

    /** Several class loaders of one JVM have an engine each, as applications of one servlet container do. */
    @Test
    void severalClassLoaders() throws Exception {
        List<URL> urls = new ArrayList<>();
        for (Path entry : classPath()) {
            urls.add(entry.toUri().toURL());
        }
        List<Class<?>> engines = new ArrayList<>();
        for (int round = 0; round < 3; round++) {
            URLClassLoader loader =
                    new URLClassLoader(urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader());
            Class<?> engine = loader.loadClass("io.github.llmpolicyengine.Engine");
            Object report = engine.getMethod("validate", Path.class)
                    .invoke(null, Policies.ROOT.resolve("examples/policies"));
            assertEquals(true, report.getClass().getMethod("valid").invoke(report));
            engines.add(engine);
        }
        assertNotEquals(engines.get(0), engines.get(1));
    }

    @Test
    void theMessageSaysWhatToAdd() throws Exception {
        Path classes = classes();
        Run run = run(List.of("-cp", classes.toString()));
        assertFalse(run.ok, run.said);
        assertTrue(run.said.contains("no native library of the policy engine for " + platform()), run.said);
        assertTrue(run.said.contains("io.github.llmpolicyengine:llm-policy-engine:VERSION"), run.said);
        assertTrue(run.said.contains("-Dllmpolicy.library=FILE"), run.said);
    }

    @Test
    void theLibraryCanBeNamed() throws Exception {
        Path library = library();
        String classes = classes().toString();
        Run named = run(List.of("-Dllmpolicy.library=" + library, "-cp", classes));
        assertTrue(named.ok, named.said);
        Run byPath = run(List.of("-Djava.library.path=" + library.getParent(), "-cp", classes));
        assertTrue(byPath.ok, byPath.said);
        Run byVariable = run(List.of("-cp", classes), "LLM_POLICY_LIBRARY=" + library);
        assertTrue(byVariable.ok, byVariable.said);
        Run wrong = run(List.of("-Dllmpolicy.library=" + classes().resolve("no-such-file"), "-cp", classes));
        assertFalse(wrong.ok);
        assertTrue(wrong.said.contains("which llmpolicy.library or LLM_POLICY_LIBRARY names"), wrong.said);
        Path broken = Files.writeString(folder.resolve("broken.so"), "this is no library");
        Run unreadable = run(List.of("-Dllmpolicy.library=" + broken, "-cp", classes));
        assertFalse(unreadable.ok);
        assertTrue(unreadable.said.contains("broken.so"), unreadable.said);
    }

    /** The copy goes to the folder that is named, and nothing stays behind. */
    @Test
    void theFolderOfTheCopyCanBeNamed() throws Exception {
        Path natives = library().getParent().getParent().getParent().getParent();
        Path copies = folder.resolve("copies");
        Run run = run(List.of("-Dllmpolicy.native.dir=" + copies, "-cp",
                classes() + java.io.File.pathSeparator + natives));
        assertTrue(run.ok, run.said);
        assertTrue(run.said.contains(copies.toString()), run.said);
        try (var left = Files.list(copies)) {
            assertEquals(0, left.count());
        }
    }

    @Test
    void platformsHaveNames() {
        assertEquals("linux-x86_64", NativeLibrary.platform("Linux", "amd64", false));
        assertEquals("linux-aarch64-musl", NativeLibrary.platform("Linux", "aarch64", true));
        assertEquals("macos-aarch64", NativeLibrary.platform("Mac OS X", "aarch64", false));
        assertEquals("windows-x86_64", NativeLibrary.platform("Windows Server 2022", "amd64", false));
    }

    private static String platform() {
        return NativeLibrary.platform(System.getProperty("os.name"), System.getProperty("os.arch"),
                false);
    }

    private static Path classes() throws Exception {
        return Path.of(Engine.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    }

    private static Path library() throws Exception {
        String name = "META-INF/native/" + platform() + "/" + System.mapLibraryName("llm_policy_java");
        return Path.of(NativeLibraryTest.class.getClassLoader().getResource(name).toURI());
    }

    private record Run(boolean ok, String said) {}

    /** A JVM that makes the engine say what it can, with these arguments. */
    private Run run(List<String> arguments, String... environment) throws IOException, InterruptedException {
        Path program = Files.writeString(folder.resolve("Program.java"), """
                public class Program {
                    public static void main(String[] arguments) throws Throwable {
                        try {
                            io.github.llmpolicyengine.Engine.selfTestPanic();
                        } catch (io.github.llmpolicyengine.PolicyException error) {
                            var loaded = Class.forName("io.github.llmpolicyengine.NativeLibrary").getDeclaredMethod("loaded");
                            loaded.setAccessible(true);
                            System.out.println(error.code() + " " + loaded.invoke(null));
                        }
                    }
                }
                """);
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(arguments);
        command.add(program.toString());
        Path output = folder.resolve("output");
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
        for (String variable : environment) {
            builder.environment().put(variable.split("=", 2)[0], variable.split("=", 2)[1]);
        }
        Process process = builder.start();
        assertTrue(process.waitFor(60, TimeUnit.SECONDS), "the JVM ends");
        String said = Files.readString(output);
        return new Run(process.exitValue() == 0 && said.contains("INTERNAL_ERROR"), said);
    }
}
