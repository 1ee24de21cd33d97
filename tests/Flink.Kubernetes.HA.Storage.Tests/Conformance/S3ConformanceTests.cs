namespace Flink.Kubernetes.HA.Storage.Tests.Conformance;

/// <summary>S3StateStorage on a real S3 server, with a client of the user's own.</summary>
public sealed class S3ConformanceTests(S3ServerFixture shared)
{
    [Theory]
    [MemberData(nameof(ConformanceCases.Names), MemberType = typeof(ConformanceCases))]
    public async Task The_s3_storage_conforms_on_a_real_server(string name)
    {
        var server = await shared.GetAsync();
        using var client = server.CreateClient();
        await using var harness = new StorageHarness(storageName => new S3StateStorage(server.Options(storageName), client));
        await StateStorageConformance.Find(name).RunAsync(harness, TestContext.Current.CancellationToken);

        // Nothing half is left behind either, however the case ended its writes.
        var uploads = await client.ListMultipartUploadsAsync(server.Bucket, TestContext.Current.CancellationToken);
        (uploads.MultipartUploads ?? []).Should().BeEmpty();
    }
}
