using System.Net;
using System.Text;
using k8s;

namespace Flink.Kubernetes.HA.Tests.Testing;

/// <summary>The handler as the innermost one of any client.</summary>
public sealed class InMemoryHandlerTests : InMemoryCluster
{
    private static readonly Uri Maps = new("http://any.host/api/v1/namespaces/default/configmaps");

    [Fact]
    public async Task No_request_is_answered_on_the_stack_of_its_caller()
    {
        var isCaller = new ThreadLocal<bool>();
        using var invoker = new HttpMessageInvoker(Server.CreateHandler());
        using var body = new RecordedContent("""{"metadata":{"name":"a"}}""", () => isCaller.Value);
        using var request = new HttpRequestMessage(HttpMethod.Post, Maps) { Content = body };

        // A thread of its own, which the answer can come on only by staying on its stack.
        using var response = await Task.Factory.StartNew(
            () =>
            {
                isCaller.Value = true;
                return invoker.SendAsync(request, Cancellation);
            },
            Cancellation,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default).Unwrap();

        response.StatusCode.Should().Be(HttpStatusCode.Created);
        body.Seen.Should().Equal(false);
    }

    [Fact]
    public async Task A_body_is_sent_once_and_not_taken_from_memory()
    {
        using var client = new HttpClient(Server.CreateHandler());
        using var body = new RecordedContent("""{"metadata":{"name":"a"}}""", () => true);

        (await client.PostAsync(Maps, body, Cancellation)).StatusCode.Should().Be(HttpStatusCode.Created);

        body.Seen.Should().HaveCount(1);
    }

    [Fact]
    public async Task Any_client_reaches_the_server_whatever_its_host_and_in_the_name_of_its_user()
    {
        using var client = new HttpClient(Server.CreateHandler("bob"));

        using var response = await client.GetAsync(new Uri("https://10.0.0.1:6443/apis/coordination.k8s.io/v1/leases?limit=5"), Cancellation);

        (await response.Content.ReadAsStringAsync(Cancellation)).Should().StartWith("""{"kind":"LeaseList","apiVersion":"coordination.k8s.io/v1",""");
        Server.Requests.Should().ContainSingle().Which.Should().BeEquivalentTo(new { User = "bob", Verb = "list", Namespace = (string?)null });
    }

    [Fact]
    public async Task The_official_client_can_be_made_with_a_configuration_of_ones_own()
    {
        using var client = new k8s.Kubernetes(new KubernetesClientConfiguration { Host = "http://any.host" }, Server.CreateHandler("bob"));

        await CreateAsync(NewMap(), client);

        Server.Requests.Should().ContainSingle().Which.User.Should().Be("bob");
    }

    [Fact]
    public async Task A_request_that_is_canceled_before_it_is_sent_does_not_arrive()
    {
        using var client = new HttpClient(Server.CreateHandler());

        await FluentActions.Awaiting(() => client.GetAsync(Maps, new CancellationToken(canceled: true))).Should().ThrowAsync<OperationCanceledException>();

        Server.Requests.Should().BeEmpty();
    }

    [Theory]
    [InlineData("/api/v1/namespaces/default/secrets", "GET", HttpStatusCode.NotFound)]
    [InlineData("/api/v1/configmaps/a", "GET", HttpStatusCode.NotFound)]
    [InlineData("/api/v2/namespaces/default/configmaps", "GET", HttpStatusCode.NotFound)]
    [InlineData("/api/v1/namespaces/default/configmaps/a/status", "GET", HttpStatusCode.NotFound)]
    [InlineData("/api/v1/configmaps", "DELETE", HttpStatusCode.MethodNotAllowed)]
    [InlineData("/api/v1/namespaces/default/pods/p/status", "DELETE", HttpStatusCode.MethodNotAllowed)]
    [InlineData("/api/v1/namespaces/default/pods/p/status", "POST", HttpStatusCode.MethodNotAllowed)]
    [InlineData("/version", "GET", HttpStatusCode.OK)]
    public async Task What_is_not_there_is_refused(string path, string method, HttpStatusCode expected)
    {
        using var client = new HttpClient(Server.CreateHandler());
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(Maps, path));

        (await client.SendAsync(request, Cancellation)).StatusCode.Should().Be(expected);
    }

    private sealed class RecordedContent(string text, Func<bool> see) : HttpContent
    {
        public List<bool> Seen { get; } = [];

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            Seen.Add(see());
            await stream.WriteAsync(Encoding.UTF8.GetBytes(text));
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
