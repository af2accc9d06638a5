import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.eclipse.dataspacetck.core.api.message.MessageSerializer;
import org.eclipse.dataspacetck.core.system.ConsoleMonitor;
import org.eclipse.dataspacetck.dsp.system.api.connector.catalog.CatalogManager;
import org.eclipse.dataspacetck.dsp.system.api.message.catalog.CatalogFunctions;
import org.eclipse.dataspacetck.dsp.system.connector.TckConnector;

/** Serves the catalogue of the kit's own in-memory connector: a port, then the ids of its data sets. */
public class Catalogue {
    public static void main(String[] arguments) throws Exception {
        CatalogManager catalogue = new TckConnector(new ConsoleMonitor(false, false)).getCatalogManager();
        for (int i = 1; i < arguments.length; i++) {
            catalogue.addDataset(CatalogFunctions.createDataset(arguments[i]));
        }
        InetSocketAddress at = new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(arguments[0]));
        HttpServer server = HttpServer.create(at, 0);
        server.createContext("/dsp/catalog/request", exchange -> {
            boolean asked = "CatalogRequestMessage".equals(MessageSerializer.processJson(exchange.getRequestBody()).get("@type"));
            answer(exchange, asked ? 200 : 400, asked
                ? CatalogFunctions.createCatalogResponse(catalogue.getCatalog())
                : CatalogFunctions.createCatalogErrorResponse("400"));
        });
        server.start();
        System.out.println("ready");
    }

    private static void answer(HttpExchange exchange, int status, Map<String, Object> message) throws IOException {
        byte[] body = MessageSerializer.serialize(message).getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }
}
