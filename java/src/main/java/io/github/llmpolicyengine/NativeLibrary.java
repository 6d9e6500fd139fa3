package io.github.llmpolicyengine;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Finds and loads the native library: the file that {@code llmpolicy.library} or {@code LLM_POLICY_LIBRARY} names, else the one
 * in the jar, else one on {@code java.library.path}.
 *
 * <p>What comes from a jar is copied to a new folder each time, because a JVM loads one file into one class loader only.
 */
final class NativeLibrary {
    private static final String NAME = "llm_policy_java";
    private static volatile String loaded = "not loaded";

    private NativeLibrary() {}

    /** Where the library came from. */
    static String loaded() {
        return loaded;
    }

    static void load() {
        String override = setting("llmpolicy.library", "LLM_POLICY_LIBRARY");
        if (override != null) {
            loadFile(Path.of(override).toAbsolutePath(), "which llmpolicy.library or LLM_POLICY_LIBRARY names");
            return;
        }
        String platform = platform(System.getProperty("os.name"), System.getProperty("os.arch"), musl());
        String resource = "META-INF/native/" + platform + "/" + System.mapLibraryName(NAME);
        ClassLoader loader = NativeLibrary.class.getClassLoader();
        try (InputStream library =
                loader == null ? ClassLoader.getSystemResourceAsStream(resource) : loader.getResourceAsStream(resource)) {
            if (library != null) {
                extract(library);
                return;
            }
        } catch (IOException error) {
            throw new UncheckedIOException("the native library of the policy engine cannot be copied to a folder: "
                    + "name one with -Dllmpolicy.native.dir or LLM_POLICY_NATIVE_DIR", error);
        }
        try {
            System.loadLibrary(NAME);
            loaded = "java.library.path";
        } catch (UnsatisfiedLinkError error) {
            throw because(missing(platform), error);
        }
    }

    private static void extract(InputStream library) throws IOException {
        String folder = setting("llmpolicy.native.dir", "LLM_POLICY_NATIVE_DIR");
        Path directory = folder == null
                ? Files.createTempDirectory("llm-policy-")
                : Files.createTempDirectory(Files.createDirectories(Path.of(folder).toAbsolutePath()), "llm-policy-");
        Path file = directory.resolve(System.mapLibraryName(NAME));
        try {
            Files.copy(library, file);
            loadFile(file, "which was copied from its jar; a folder that allows programs to run can be named with"
                    + " -Dllmpolicy.native.dir or LLM_POLICY_NATIVE_DIR");
        } finally {
            // What is loaded stays loaded without its file, but for Windows, where it goes when the JVM ends.
            if (!file.toFile().delete()) {
                directory.toFile().deleteOnExit();
                file.toFile().deleteOnExit();
            } else if (!directory.toFile().delete()) {
                directory.toFile().deleteOnExit();
            }
        }
    }

    private static void loadFile(Path file, String what) {
        try {
            System.load(file.toString());
            loaded = file.toString();
        } catch (UnsatisfiedLinkError error) {
            throw because("the native library of the policy engine, " + file + ", " + what + ", cannot be loaded: "
                    + error.getMessage(), error);
        }
    }

    static String missing(String platform) {
        return "there is no native library of the policy engine for " + platform + " on the class path. The dependency"
                + " io.github.llmpolicyengine:llm-policy-engine:VERSION has those of all platforms, and with a <classifier> the"
                + " library of that platform only; elsewhere build it, and name the file with -Dllmpolicy.library=FILE or"
                + " LLM_POLICY_LIBRARY";
    }

    /** The classifier of a platform: {@code linux-x86_64}, {@code linux-aarch64-musl}, {@code macos-aarch64}. */
    static String platform(String name, String architecture, boolean musl) {
        String os = name.toLowerCase(Locale.ROOT);
        String system = os.startsWith("mac") ? "macos" : os.startsWith("windows") ? "windows" : os.replace(' ', '_');
        String arch = switch (architecture) {
            case "amd64", "x86_64" -> "x86_64";
            case "arm64", "aarch64" -> "aarch64";
            default -> architecture;
        };
        return system + "-" + arch + (musl && system.equals("linux") ? "-musl" : "");
    }

    /** Whether the C library is musl: its loader lies in /lib, and no process has to be started to know that. */
    private static boolean musl() {
        String[] found = Path.of("/lib").toFile().list((folder, file) -> file.startsWith("ld-musl-"));
        return found != null && found.length > 0;
    }

    private static String setting(String property, String variable) {
        String value = System.getProperty(property, System.getenv(variable));
        return value == null || value.isEmpty() ? null : value;
    }

    private static UnsatisfiedLinkError because(String message, UnsatisfiedLinkError cause) {
        UnsatisfiedLinkError error = new UnsatisfiedLinkError(message);
        error.initCause(cause);
        return error;
    }
}
