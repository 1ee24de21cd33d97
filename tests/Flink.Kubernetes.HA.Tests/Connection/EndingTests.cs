using System.Collections.Concurrent;
using FluentAssertions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Flink.Kubernetes.HA.Tests.Connection;

/// <summary>Watches that are canceled, redirects, and the end of the client.</summary>
public sealed class EndingTests : ConnectionTest
{
    private const int Runs = 20;

    private readonly TestAuthority _authority = TestAuthority.Root();

    [Theory]
    [InlineData(HttpProtocols.Http1, true)]
    [InlineData(HttpProtocols.Http1, false)]
    [InlineData(HttpProtocols.Http2, true)]
    [InlineData(HttpProtocols.Http2, false)]
    public async Task After_a_canceled_watch_every_next_request_succeeds_and_no_exception_is_left_unobserved(HttpProtocols protocols, bool cancelsRead)
    {
        // Those of other tests are not meant.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var unobserved = new ConcurrentQueue<Exception>();
        EventHandler<UnobservedTaskExceptionEventArgs> observe = (_, e) => unobserved.Enqueue(e.Exception);
        TaskScheduler.UnobservedTaskException += observe;
        try
        {
            var (left, ended) = (new SemaphoreSlim(0), new SemaphoreSlim(0));

            // Without TLS, whose stream lets no second reader in.
            await using var server = await TestApiServer.StartAsync(
                protocols == HttpProtocols.Http1 ? null : _authority.Server(), context => EndWatchAsync(context, left, ended), protocols);
            using var client = Connect(Configuration(server, _authority));
            for (var run = 0; run < Runs; run++)
            {
                await LeaveWatchAsync(client, cancelsRead);

                // The watch ends while a client that drains would still be reading it.
                left.Release();
                await ended.WaitAsync(Cancellation);
                (await GetAsync(client)).Metadata.Name.Should().Be("a", $"request {run} after a canceled watch");
            }

            GC.Collect();
            GC.WaitForPendingFinalizers();
            unobserved.Should().BeEmpty();
        }
        finally
        {
            TaskScheduler.UnobservedTaskException -= observe;
        }
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("PATCH")]
    public async Task A_redirect_is_a_failure_and_is_not_followed(string verb)
    {
        await using var server = await TestApiServer.StartAsync(_authority.Server(), context =>
        {
            context.Response.Redirect("/elsewhere");
            return Task.CompletedTask;
        });
        using var client = Connect(Configuration(server, _authority));

        (await StatusOf(() => verb == "GET" ? GetAsync(client) : PatchAsync(client))).Should().Be(System.Net.HttpStatusCode.Redirect);
        server.Requests.Should().ContainSingle();
    }

    [Theory]
    [InlineData(HttpProtocols.Http1)]
    [InlineData(HttpProtocols.Http2)]
    public async Task Disposal_ends_calls_and_watches_closes_every_socket_and_refuses_later_calls(HttpProtocols protocols)
    {
        var arrived = new SemaphoreSlim(0);
        await using var server = await TestApiServer.StartAsync(
            _authority.Server(),
            context =>
            {
                arrived.Release();
                return TestApiServer.StallAsync(context);
            },
            protocols);
        var client = Connect(Configuration(server, _authority));
        using var watch = await WatchAsync(client);
        var stream = await watch.Content.ReadAsStreamAsync(Cancellation);
        var watching = stream.CopyToAsync(Stream.Null, Cancellation);
        var call = PatchAsync(client);
        await arrived.WaitAsync(Cancellation);
        await arrived.WaitAsync(Cancellation);

        client.Dispose();
        client.Dispose();

        await FluentActions.Awaiting(() => call).Should().ThrowAsync<ObjectDisposedException>();
        await FluentActions.Awaiting(() => watching.WaitAsync(Patience, Cancellation)).Should().ThrowAsync<Exception>();
        watching.IsCompleted.Should().BeTrue();
        await FluentActions.Awaiting(() => GetAsync(client)).Should().ThrowAsync<ObjectDisposedException>();
        await FluentActions.Awaiting(() => WatchAsync(client)).Should().ThrowAsync<ObjectDisposedException>();
        await EventuallyAsync(() => server.OpenConnections == 0, "every socket is closed");
    }

    [Fact]
    public async Task No_failure_holds_the_bearer_token()
    {
        await using var server = await TestApiServer.StartAsync(_authority.Server(), context => TestApiServer.WriteAsync(context, """{"kind":"Status"}""", 422));
        using var client = Connect(Configuration(server, _authority, "SECRET"));

        var failure = (await FluentActions.Awaiting(() => PatchAsync(client)).Should().ThrowAsync<k8s.Autorest.HttpOperationException>()).Which;

        server.Requests.Single().Authorization.Should().Be("Bearer SECRET");
        failure.Request.Headers.Should().NotContainKey("Authorization");
        failure.ToString().Should().NotContain("SECRET");
    }

    [Fact]
    public async Task The_configuration_and_its_setup_of_the_handler_are_respected_and_not_changed()
    {
        await using var server = await TestApiServer.StartAsync(_authority.Server());
        var setups = 0;
        var configuration = Configuration(server, _authority);
        configuration.FirstMessageHandlerSetup = handler => setups += handler.KeepAlivePingDelay == TimeSpan.FromSeconds(2) ? 1 : 0;
        var before = (configuration.HttpClientTimeout, configuration.TokenProvider, configuration.FirstMessageHandlerSetup);
        using var client = Connect(configuration);

        await GetAsync(client);

        setups.Should().Be(1);
        client.HttpClientTimeout.Should().Be(Timeout.InfiniteTimeSpan);
        (configuration.HttpClientTimeout, configuration.TokenProvider, configuration.FirstMessageHandlerSetup).Should().Be(before);
    }

    [Fact]
    public async Task Synchronous_requests_do_not_pass_by_the_hardened_connections()
    {
        await using var server = await TestApiServer.StartAsync(_authority.Server());
        using var client = Connect(Configuration(server, _authority));
        using var request = new HttpRequestMessage(HttpMethod.Get, server.Url);

        FluentActions.Invoking(() => client.HttpClient.Send(request, Cancellation)).Should().Throw<NotSupportedException>();
    }

    [Fact]
    public void Options_out_of_range_are_all_named_at_once()
    {
        var options = new ApiServerOptions { KeepAlivePingDelay = TimeSpan.Zero, MaxRetries = -1, ConnectionLifetime = TimeSpan.FromDays(1) };

        FluentActions.Invoking(() => Connect(new() { Host = "https://h" }, options)).Should().Throw<ArgumentException>()
            .WithMessage("*KeepAlivePingDelay is 00:00:00; it must be between 00:00:01 and 01:00:00.*ConnectionLifetime is 1.00:00:00*MaxRetries is -1*");
    }

    private static async Task EndWatchAsync(HttpContext context, SemaphoreSlim left, SemaphoreSlim ended)
    {
        if (!context.Request.Query.ContainsKey("watch"))
        {
            await TestApiServer.WriteAsync(context, TestApiServer.ConfigMap);
            return;
        }

        await TestApiServer.WriteAsync(context, "{}\n");
        await context.Response.Body.FlushAsync(context.RequestAborted);
        await left.WaitAsync();
        await context.Response.CompleteAsync();
        ended.Release();
    }

    // As the official client does, which leaves a read behind; or in order.
    private static async Task LeaveWatchAsync(k8s.Kubernetes client, bool cancelsRead)
    {
        using var caller = new CancellationTokenSource();
        using var watch = await WatchAsync(client);
        var stream = await watch.Content.ReadAsStreamAsync(Cancellation);
        var buffer = new byte[100];
        await stream.ReadExactlyAsync(buffer.AsMemory(0, 3), Cancellation);
        var pending = stream.ReadAsync(buffer, caller.Token).AsTask();
        if (cancelsRead)
        {
            await caller.CancelAsync();
            await FluentActions.Awaiting(() => pending).Should().ThrowAsync<OperationCanceledException>();
        }
        else
        {
            _ = pending.ContinueWith(static t => _ = t.Exception, TaskScheduler.Default);
        }
    }
}
