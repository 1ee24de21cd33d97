using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.KubeClient.Authentication;
using Xunit;

namespace Flink.Kubernetes.HA.Tests.KubeClient.Authentication;

public sealed class InClusterTests : AuthenticationTest
{
    private const string Token = "serviceaccount/token";

    public InClusterTests()
    {
        Variables["KUBERNETES_SERVICE_HOST"] = "10.0.0.1";
        Variables["KUBERNETES_SERVICE_PORT"] = "443";
        Write(Token, "first\n");
        Write("serviceaccount/ca.crt", TestCertificates.Create("EC PKCS8", "ca-1").Certificate + "\n" + TestCertificates.Create("EC PKCS8", "ca-2").Certificate);
        Write("serviceaccount/namespace", "orders\n");
    }

    [Fact]
    public async Task A_pod_connects_with_its_service_account()
    {
        using var connection = InClusterConfig.Connect(TestEnvironment);

        Assert.Equal(new Uri("https://10.0.0.1:443/"), connection.Server);
        Assert.Equal("orders", connection.Namespace);
        Assert.Equal(2, connection.Tls.CertificateAuthorities!.Count);
        Assert.False(connection.Tls.SkipServerVerification);
        Assert.Null(connection.Proxy);
        Assert.Null(connection.Credential.ClientCertificate);
        Assert.Equal("first", await connection.Credential.GetTokenAsync(refresh: false, Cancellation));
    }

    [Theory]
    [InlineData("fd00::1", "6443", "https://[fd00::1]:6443/")]
    [InlineData("[fd00::1]", "6443", "https://[fd00::1]:6443/")]
    [InlineData("kubernetes.default.svc", "443", "https://kubernetes.default.svc/")]
    public void Every_form_of_host_becomes_an_address(string host, string port, string expected)
    {
        (Variables["KUBERNETES_SERVICE_HOST"], Variables["KUBERNETES_SERVICE_PORT"]) = (host, port);
        using var connection = InClusterConfig.Connect(TestEnvironment);
        Assert.Equal(new Uri(expected), connection.Server);
    }

    [Theory]
    [InlineData("10.0.0.1", "tcp://10.0.0.1:443")]
    [InlineData("evil@10.0.0.1", "443")]
    [InlineData("10.0.0.1/x", "443")]
    public void A_host_and_port_that_make_no_address_are_named(string host, string port)
    {
        (Variables["KUBERNETES_SERVICE_HOST"], Variables["KUBERNETES_SERVICE_PORT"]) = (host, port);
        Assert.Contains(port, ErrorOf(() => InClusterConfig.Connect(TestEnvironment)), StringComparison.Ordinal);
    }

    [Fact]
    public void POD_NAMESPACE_goes_before_the_file()
    {
        Variables["POD_NAMESPACE"] = "elsewhere";
        using var connection = InClusterConfig.Connect(TestEnvironment);
        Assert.Equal("elsewhere", connection.Namespace);
    }

    [Fact]
    public void Without_a_namespace_file_it_is_default()
    {
        File.Delete(Path.Combine(Folder, "serviceaccount/namespace"));
        using var connection = InClusterConfig.Connect(TestEnvironment);
        Assert.Equal("default", connection.Namespace);
    }

    [Fact]
    public void Without_an_authority_file_the_system_decides_and_the_log_says_so()
    {
        File.Delete(Path.Combine(Folder, "serviceaccount/ca.crt"));
        using var connection = InClusterConfig.Connect(TestEnvironment);
        Assert.Null(connection.Tls.CertificateAuthorities);
        Assert.Contains(Logged, l => l.Id == 151);
    }

    [Fact]
    public async Task A_rotated_token_is_read_within_a_minute()
    {
        using var connection = InClusterConfig.Connect(TestEnvironment);
        Write(Token, "second");

        Clock.Advance(Reloading<string>.Interval - TimeSpan.FromTicks(1));
        Assert.Equal("first", await connection.Credential.GetTokenAsync(refresh: false, Cancellation));
        Clock.Advance(TimeSpan.FromTicks(1));
        Assert.Equal("second", await connection.Credential.GetTokenAsync(refresh: false, Cancellation));
    }

    [Fact]
    public async Task A_step_of_the_wall_clock_changes_nothing()
    {
        using var connection = InClusterConfig.Connect(TestEnvironment);
        Write(Token, "second");
        Clock.StepWallClock(TimeSpan.FromDays(1));
        Assert.Equal("first", await connection.Credential.GetTokenAsync(refresh: false, Cancellation));
        Clock.StepWallClock(TimeSpan.FromDays(-2));
        Clock.Advance(Reloading<string>.Interval);
        Assert.Equal("second", await connection.Credential.GetTokenAsync(refresh: false, Cancellation));
    }

    [Fact]
    public async Task After_a_401_the_token_is_read_at_once()
    {
        using var connection = InClusterConfig.Connect(TestEnvironment);
        Write(Token, "second");
        Assert.Equal("second", await connection.Credential.GetTokenAsync(refresh: true, Cancellation));
        Assert.Equal("second", await connection.Credential.GetTokenAsync(refresh: false, Cancellation));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" \n")]
    [InlineData("two words")]
    public async Task While_the_token_file_is_not_usable_the_last_token_stays(string? content)
    {
        using var connection = InClusterConfig.Connect(TestEnvironment);
        if (content is null)
        {
            File.Delete(Path.Combine(Folder, Token));
        }
        else
        {
            Write(Token, content);
        }

        Clock.Advance(Reloading<string>.Interval);
        Assert.Equal("first", await connection.Credential.GetTokenAsync(refresh: false, Cancellation));
        Assert.Equal("first", await connection.Credential.GetTokenAsync(refresh: false, Cancellation));
        Assert.Single(Logged, l => l.Id == 150);

        Write(Token, "second");
        Clock.Advance(Reloading<string>.IntervalAfterFailure);
        Assert.Equal("second", await connection.Credential.GetTokenAsync(refresh: false, Cancellation));
    }

    [Theory]
    [InlineData("KUBERNETES_SERVICE_HOST")]
    [InlineData("KUBERNETES_SERVICE_PORT")]
    public void Outside_a_pod_the_error_names_the_variable(string variable)
    {
        Variables.Remove(variable);
        Assert.Contains($"{variable} not set", ErrorOf(() => InClusterConfig.Connect(TestEnvironment)), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_token_the_error_names_the_file()
    {
        File.Delete(Path.Combine(Folder, Token));
        Assert.Contains(Path.Combine(Folder, Token), ErrorOf(() => InClusterConfig.Connect(TestEnvironment)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_namespace_that_is_none_is_refused()
    {
        Variables["POD_NAMESPACE"] = "../../secrets";
        Assert.Contains("POD_NAMESPACE", ErrorOf(() => InClusterConfig.Connect(TestEnvironment)), StringComparison.Ordinal);
    }
}
