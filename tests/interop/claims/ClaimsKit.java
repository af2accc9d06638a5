import java.io.FileInputStream;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import org.eclipse.dataspacetck.core.system.ConsoleMonitor;
import org.eclipse.dataspacetck.dcp.system.DcpSystemLauncher;
import org.eclipse.dataspacetck.runtime.TckRuntime;

/** Runs one package of the kit with a properties file: what is tested, and where everybody is. */
public class ClaimsKit {
    public static void main(String[] arguments) throws Exception {
        Properties read = new Properties();
        try (FileInputStream file = new FileInputStream(arguments[0])) {
            read.load(file);
        }
        Map<String, String> properties = new HashMap<>();
        read.forEach((key, value) -> properties.put((String) key, (String) value));
        var summary = TckRuntime.Builder.newInstance()
            .properties(properties)
            .launcher(DcpSystemLauncher.class)
            .addPackage("org.eclipse.dataspacetck.dcp.verification." + arguments[1])
            .monitor(new ConsoleMonitor(false, false))
            .build()
            .execute();
        summary.getFailures().forEach(failure -> {
            System.out.println("WHY " + failure.getTestIdentifier().getDisplayName() + ": " + failure.getException());
        });
        System.exit(0);
    }
}
