import java.io.FileInputStream;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import org.eclipse.dataspacetck.core.system.ConsoleMonitor;
import org.eclipse.dataspacetck.dsp.system.DspSystemLauncher;
import org.eclipse.dataspacetck.runtime.TckRuntime;

/** Runs the kit with a properties file; further arguments select tests by the beginning of their display name. */
public class Kit {
    public static void main(String[] arguments) throws Exception {
        Properties read = new Properties();
        try (FileInputStream file = new FileInputStream(arguments[0])) {
            read.load(file);
        }
        Map<String, String> properties = new HashMap<>();
        read.forEach((key, value) -> properties.put((String) key, (String) value));
        TckRuntime.Builder builder = TckRuntime.Builder.newInstance()
            .properties(properties)
            .launcher(DspSystemLauncher.class)
            .addPackage("org.eclipse.dataspacetck.dsp.verification")
            .monitor(new ConsoleMonitor(false, false));
        if (arguments.length > 1) {
            builder.displayNameMatching(name -> {
                for (int i = 1; i < arguments.length; i++) {
                    if (name.startsWith(arguments[i])) {
                        return true;
                    }
                }
                return false;
            });
        }
        builder.build().execute();
        System.exit(0);
    }
}
