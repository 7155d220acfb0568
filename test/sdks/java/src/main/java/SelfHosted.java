import com.twilio.http.NetworkHttpClient;
import com.twilio.http.Request;
import com.twilio.http.Response;

/** Sends the SDK's requests to Rollcall instead of Twilio. */
final class SelfHosted extends NetworkHttpClient {
  private final String baseUrl;

  SelfHosted(String baseUrl) {
    this.baseUrl = baseUrl;
  }

  @Override
  public Response makeRequest(Request request) {
    String url = request.constructURL().toString().replace("https://insights.twilio.com", baseUrl);
    Request moved = new Request(request.getMethod(), url);
    moved.setAuth(request.getUsername(), request.getPassword());
    request.getHeaderParams().forEach((name, values) -> values.forEach(v -> moved.addHeaderParam(name, v)));
    moved.setUserAgentExtensions(request.getUserAgentExtensions());
    return super.makeRequest(moved);
  }
}
