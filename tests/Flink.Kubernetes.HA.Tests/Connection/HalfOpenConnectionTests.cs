using System.Diagnostics;
using FluentAssertions;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Flink.Kubernetes.HA.Tests.Connection;

/// <summary>In real time, for the runtime's pings and sockets know no other: limits are as small as they can be set.</summary>
public sealed class HalfOpenConnectionTests : ConnectionTest
{
    private static readonly TimeSpan RenewDeadline = TimeSpan.FromSeconds(10);

    private readonly TestAuthority _authority = TestAuthority.Root();

    [Fact]
    public async Task After_a_connection_has_become_a_black_hole_a_patch_works_again_within_the_renew_deadline()
    {
        await using var server = await TestApiServer.StartAsync(_authority.Server(), context => context.Request.Query.ContainsKey("watch") ? TestApiServer.StallAsync(context) : TestApiServer.Answer(context));
        await using var proxy = new TestProxy(server.Port);
        var configuration = Configuration(server, _authority);
        configuration.Host = $"https://127.0.0.1:{proxy.Port}";
        using var client = Connect(configuration);
        using var watch = await WatchAsync(client);
        await PatchAsync(client);
        server.Requests.Should().OnlyContain(r => r.Protocol == "HTTP/2").And.OnlyContain(r => r.Connection == server.Requests.First().Connection);

        proxy.MakeBlackHoles();
        var lost = Stopwatch.GetTimestamp();
        var watched = ReadToEndAsync(watch);
        var tries = 0;
        for (var works = false; !works; tries++)
        {
            works = await WorksAsync(client);
            Stopwatch.GetElapsedTime(lost).Should().BeLessThan(RenewDeadline);
        }

        var recovered = Stopwatch.GetElapsedTime(lost);
        await watched.WaitAsync(Patience, Cancellation);
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"half-open HTTP/2: PATCH works again after {recovered.TotalMilliseconds:0} ms ({tries} tries), the watch ended after {Stopwatch.GetElapsedTime(lost).TotalMilliseconds:0} ms");
        recovered.Should().BeLessThan(TimeSpan.FromSeconds(8));
    }

    [Theory]
    [InlineData(HttpProtocols.Http1, 200)]
    [InlineData(HttpProtocols.Http1, 422)]
    [InlineData(HttpProtocols.Http2, 200)]
    [InlineData(HttpProtocols.Http2, 422)]
    public async Task A_body_that_stalls_is_ended_by_the_token_of_the_caller(HttpProtocols protocols, int status)
    {
        await using var server = await TestApiServer.StartAsync(_authority.Server(), context => TestApiServer.StallAsync(context, status), protocols);
        using var client = Connect(Configuration(server, _authority));
        using var limit = new CancellationTokenSource();
        var call = PatchAsync(client, limit.Token);
        await EventuallyAsync(() => !server.Requests.IsEmpty, "the request has arrived");
        var started = Stopwatch.GetTimestamp();
        limit.CancelAfter(TimeSpan.FromMilliseconds(300));

        await FluentActions.Awaiting(() => call).Should().ThrowAsync<OperationCanceledException>();

        var elapsed = Stopwatch.GetElapsedTime(started);
        TestContext.Current.TestOutputHelper!.WriteLine($"stalled body, {protocols}, {status}: limit 300 ms, ended after {elapsed.TotalMilliseconds:0} ms");
        elapsed.Should().BeLessThan(TimeSpan.FromSeconds(3));
        server.Requests.Should().ContainSingle();
    }

    [Fact]
    public async Task A_server_that_accepts_connections_and_says_nothing_is_left_after_the_connect_timeout()
    {
        using var silent = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        silent.Start();
        using var client = Connect(
            new() { Host = $"https://{silent.LocalEndpoint}", AccessToken = "t" }, new ApiServerOptions { ConnectTimeout = TimeSpan.FromMilliseconds(200) });

        (await FluentActions.Awaiting(() => GetAsync(client)).Should().ThrowAsync<OperationCanceledException>()).WithInnerException<TimeoutException>();
    }

    private static async Task<bool> WorksAsync(k8s.Kubernetes client)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(3));
        try
        {
            await PatchAsync(client, limit.Token);
            return true;
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            return false;
        }
    }

    private static async Task ReadToEndAsync(HttpResponseMessage watch)
    {
        try
        {
            await using var stream = await watch.Content.ReadAsStreamAsync(Cancellation);
            await stream.CopyToAsync(Stream.Null, Cancellation);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            // The pings have found the connection dead.
        }
    }
}
