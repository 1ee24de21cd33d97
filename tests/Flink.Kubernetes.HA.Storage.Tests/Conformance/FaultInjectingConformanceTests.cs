using System.Collections.Concurrent;

namespace Flink.Kubernetes.HA.Storage.Tests.Conformance;

/// <summary>Without a fault it must not be noticed.</summary>
public sealed class FaultInjectingConformanceTests
{
    [Theory]
    [MemberData(nameof(ConformanceCases.Names), MemberType = typeof(ConformanceCases))]
    public async Task The_fault_injecting_storage_conforms(string name)
    {
        var storages = new ConcurrentDictionary<string, InMemoryStateStorage>();
        await using var harness = new StorageHarness(storageName => new FaultInjectingStateStorage(storages.GetOrAdd(storageName, _ => new InMemoryStateStorage())));
        await StateStorageConformance.Find(name).RunAsync(harness, TestContext.Current.CancellationToken);
    }
}
