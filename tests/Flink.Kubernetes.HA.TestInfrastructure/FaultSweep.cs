using Flink.Kubernetes.HA.TestInfrastructure.Worlds;

namespace Flink.Kubernetes.HA.TestInfrastructure;

/// <summary>Lets faults strike each call of an operation in turn, in a new world each time, until the operation has no further call.</summary>
internal static class FaultSweep
{
    /// <summary>Runs the sweep and returns how many calls were struck.</summary>
    /// <param name="site">Which calls of the leader are struck.</param>
    /// <param name="faults">What goes wrong, as from the struck call on: where <see cref="Fault.After"/> is 1 it is the call after it.</param>
    /// <param name="start">Makes a world in which nothing has gone wrong yet.</param>
    /// <param name="act">Runs the operation to its end; the point tells whether a fault has struck yet.</param>
    /// <param name="verify">Judges what is there afterwards, when the faults were withdrawn.</param>
    /// <param name="atMost">More calls than this mean that the operation makes ever more of them.</param>
    public static async Task<int> ForEachCallAsync(
        FaultSite site,
        IReadOnlyList<Fault> faults,
        Func<Task<HaWorld>> start,
        Func<HaWorld, FaultPoint, Task> act,
        Func<HaWorld, FaultPoint, Task> verify,
        int atMost = 60)
    {
        for (var call = 0; ; call++)
        {
            await using var world = await start();
            var (number, before) = (call, site.Count(world));
            var point = new FaultPoint($"{site.Name} call {call + 1}", () => site.Count(world) > before + number);
            var injected = faults.Select(fault => site.Inject(world, fault with { After = fault.After + number })).ToList();
            await act(world, point);
            var hasStruck = point.HasStruck();
            injected.ForEach(fault => fault.Dispose());
            await verify(world, point);
            if (!hasStruck)
            {
                return call;
            }

            call.Should().BeLessThan(atMost, "the operation should come to an end ({0})", point.Name);
        }
    }
}

/// <summary>The calls of a leader that are struck: to the API server or to the storage, all of them or those with one verb.</summary>
internal sealed record FaultSite(string Name, Func<HaWorld, int> Count, Func<HaWorld, Fault, IDisposable> Inject)
{
    public static FaultSite Api(string? verb = null) => new(
        verb ?? "API",
        world => world.Network.CountCalls(verb, "configmaps"),
        (world, fault) => world.Network.Inject(fault with { Verb = verb, Resource = "configmaps" }));

    public static FaultSite Storage(string? verb = null) => new(
        verb ?? "storage",
        world => world.Storage.CountCalls(verb),
        (world, fault) => world.Storage.Inject(fault with { Verb = verb }));
}

/// <summary>One call of a sweep.</summary>
/// <param name="Name">Which call, for messages.</param>
/// <param name="HasStruck">Whether a fault has struck it.</param>
internal sealed record FaultPoint(string Name, Func<bool> HasStruck);
