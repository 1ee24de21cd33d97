// The quick start of README.md, which must stay the same as what stands between the marks.
// Run two of these beside a cluster that kubectl reaches, and end the one that leads.
// <quick-start>
using Flink.Kubernetes.HA;
using Flink.Kubernetes.HA.LeaderElection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

var builder = Host.CreateApplicationBuilder(args);
builder.Services.AddKubernetesHa(options => options.ClusterId = "orders");
builder.Services.AddLeaderService<Dispatcher>(LeaderComponent.Dispatcher);
await builder.Build().RunAsync();

internal sealed class Dispatcher : ILeaderService
{
    public async Task RunAsync(LeadershipTerm term, CancellationToken cancellationToken)
    {
        await term.PublishAddressAsync($"http://{Environment.MachineName}:8081", cancellationToken);
        Console.WriteLine($"I lead {term.Component}; my fencing token is {term.FencingToken}.");
        await Task.Delay(Timeout.Infinite, cancellationToken); // the work of the leader, until it must end
    }
}
// </quick-start>
