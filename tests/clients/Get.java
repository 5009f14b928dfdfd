import java.io.FileInputStream;
import java.io.InputStream;
import java.net.URL;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** java Get.java URL CA VERSION: prints the answer, whose server CA has signed. */
public class Get {
  public static void main(String[] arguments) throws Exception {
    KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
    trusted.load(null, null);
    try (InputStream file = new FileInputStream(arguments[1])) {
      trusted.setCertificateEntry(
          "ca", CertificateFactory.getInstance("X.509").generateCertificate(file));
    }
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(trusted);
    System.setProperty("jdk.tls.client.protocols", "TLSv" + arguments[2]);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, factory.getTrustManagers(), null);
    for (int i = 0; i < 3; ++i) {
      HttpsURLConnection connection = (HttpsURLConnection) new URL(arguments[0]).openConnection();
      connection.setSSLSocketFactory(context.getSocketFactory());
      try (InputStream body = connection.getInputStream()) {
        System.out.print(new String(body.readAllBytes()));
      }
    }
  }
}
