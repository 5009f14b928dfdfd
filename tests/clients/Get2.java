import java.io.FileInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** java Get2.java URL CA: 50 requests at once, and an upload that comes back, by java.net.http. */
public class Get2 {
  public static void main(String[] arguments) throws Exception {
    KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
    trusted.load(null, null);
    try (FileInputStream file = new FileInputStream(arguments[1])) {
      trusted.setCertificateEntry(
          "ca", CertificateFactory.getInstance("X.509").generateCertificate(file));
    }
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, factory.getTrustManagers(), null);
    HttpClient client =
        HttpClient.newBuilder().version(HttpClient.Version.HTTP_2).sslContext(context).build();
    client.send(request(arguments[0] + "/"), HttpResponse.BodyHandlers.ofString());
    List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
    for (int i = 0; i < 50; ++i) {
      answers.add(
          client.sendAsync(
              request(arguments[0] + "/length/" + i), HttpResponse.BodyHandlers.ofString()));
    }
    for (int i = 0; i < 50; ++i) {
      HttpResponse<String> answer = answers.get(i).get();
      if (answer.version() != HttpClient.Version.HTTP_2 || answer.body().length() != i) {
        throw new IllegalStateException(answer + " " + answer.version());
      }
    }
    String body = "0123456789abcdef".repeat(20_000);
    HttpRequest upload =
        HttpRequest.newBuilder(URI.create(arguments[0] + "/echo"))
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
    if (!client.send(upload, HttpResponse.BodyHandlers.ofString()).body().equals(body)) {
      throw new IllegalStateException("another body");
    }
    System.out.println("done");
  }

  private static HttpRequest request(String url) {
    return HttpRequest.newBuilder(URI.create(url)).build();
  }
}
