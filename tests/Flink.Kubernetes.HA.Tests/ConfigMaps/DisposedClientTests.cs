using System.IO.Pipelines;

namespace Flink.Kubernetes.HA.Tests.ConfigMaps;

/// <summary>Whoever disposes the client too early gets an exception that says so.</summary>
public sealed class DisposedClientTests : RequestTest
{
    [Theory]
    [MemberData(nameof(Verbs))]
    public async Task A_call_after_the_disposal_says_that_the_client_was_disposed(string verb)
    {
        Client.Dispose();

        await Awaiting(() => CallAsync(verb)).Should().ThrowExactlyAsync<ObjectDisposedException>();
    }

    [Theory]
    [MemberData(nameof(Verbs))]
    public async Task A_call_under_way_says_that_the_client_was_disposed(string verb)
    {
        Hangs();
        var call = CallAsync(verb);
        await Time.AdvanceAsync(TimeSpan.FromSeconds(1), cancellationToken: Canceled);

        Client.Dispose();

        await call.Awaiting(running => running.WaitAsync(TimeSpan.FromSeconds(30), Canceled)).Should().ThrowExactlyAsync<ObjectDisposedException>();
    }

    [Fact]
    public async Task A_watch_that_breaks_after_the_disposal_says_that_the_client_was_disposed()
    {
        var pipe = new Pipe();
        Responds(() => Answer.Stream(200, pipe.Reader.AsStream()));
        var watch = CallAsync("watch");
        await Time.AdvanceAsync(TimeSpan.FromSeconds(1), cancellationToken: Canceled);

        Client.Dispose();
        await pipe.Writer.CompleteAsync(new IOException("closed"));

        await watch.Awaiting(running => running.WaitAsync(TimeSpan.FromSeconds(30), Canceled)).Should().ThrowExactlyAsync<ObjectDisposedException>();
    }
}
