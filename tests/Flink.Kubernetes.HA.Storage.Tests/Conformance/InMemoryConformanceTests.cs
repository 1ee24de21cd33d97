using System.Collections.Concurrent;

namespace Flink.Kubernetes.HA.Storage.Tests.Conformance;

public sealed class InMemoryConformanceTests
{
    [Theory]
    [MemberData(nameof(ConformanceCases.Names), MemberType = typeof(ConformanceCases))]
    public async Task The_storage_in_memory_conforms(string name)
    {
        var storages = new ConcurrentDictionary<string, InMemoryStateStorage>();
        await using var harness = new StorageHarness(storageName => storages.GetOrAdd(storageName, _ => new InMemoryStateStorage()));
        await StateStorageConformance.Find(name).RunAsync(harness, TestContext.Current.CancellationToken);
    }
}
