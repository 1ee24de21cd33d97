using Flink.Kubernetes.HA.AzureBlob;
using Flink.Kubernetes.HA.Storage.Tests.AzureBlob;

namespace Flink.Kubernetes.HA.Storage.Tests.Conformance;

/// <summary>AzureBlobStateStorage on Azurite.</summary>
public sealed class AzureBlobConformanceTests(AzuriteFixture shared)
{
    [Theory]
    [MemberData(nameof(ConformanceCases.Names), MemberType = typeof(ConformanceCases))]
    public async Task The_azure_blob_storage_conforms(string name)
    {
        var connection = await shared.GetAsync();
        await using var harness = new StorageHarness(
            storageName => new AzureBlobStateStorage(new() { ConnectionString = connection, ContainerName = "flink-ha", KeyPrefix = storageName }));
        await StateStorageConformance.Find(name).RunAsync(harness, TestContext.Current.CancellationToken);
    }
}
