namespace Flink.Kubernetes.HA.TestInfrastructure.ApiServerSuite;

public abstract partial class ApiServerSuiteTests
{
    [Fact]
    public async Task Replace_drops_what_is_left_out()
    {
        var first = await CreateAsync("a", ("k", "1"), ("l", "2"));
        await ReplaceAsync(first with { Data = Map(("l", "3")) });
        (await GetAsync("a")).Data.Should().Equal(Map(("l", "3")));
    }

    [Fact]
    public async Task Replace_without_a_resourceVersion_overwrites()
    {
        await CreateAsync("a", ("k", "1"));
        await SetAsync("a", "k", "2");
        (await ReplaceAsync(NewConfigMap("a", ("k", "3")))).Data.Should().Equal(Map(("k", "3")));
    }

    [Fact]
    public async Task Replace_of_a_missing_object_is_NotFound()
    {
        await RefusedAsync(Refusal.NotFound, () => ReplaceAsync(NewConfigMap("a")));
        await CreateAsync("b");
        await DeleteAsync("b");
        await RefusedAsync(Refusal.NotFound, () => ReplaceAsync(NewConfigMap("b")));
    }

    [Fact]
    public async Task Replace_of_a_deleted_object_that_it_names_by_uid_is_refused()
    {
        // 409 until Kubernetes 1.33, 404 from 1.34 on; for Leases, which a PUT may create, it is 409 in all.
        var read = await CreateAsync("a", ("k", "1"));
        var lease = await RawOf(ResourceKind.Lease).CreateAsync("a");
        await DeleteAsync("a");
        await RawOf(ResourceKind.Lease).DeleteAsync("a");
        var refusal = (await FluentActions.Awaiting(() => ReplaceAsync(read)).Should().ThrowAsync<ApiServerRefusal>()).Which;
        new[] { Refusal.Conflict, Refusal.NotFound }.Should().Contain(refusal.Kind);
        await RefusedAsync(Refusal.NotFound, () => GetAsync("a"));
        await RefusedAsync(Refusal.Conflict, () => RawOf(ResourceKind.Lease).ReplaceAsync(lease));
    }

    [Fact]
    public async Task Replace_with_another_uid_conflicts()
    {
        var first = await CreateAsync("a", ("k", "1"));
        var item = NewConfigMap("a", ("k", "2"));
        item.Metadata.Uid = AnotherUid;
        await RefusedAsync(Refusal.Conflict, first, () => ReplaceAsync(item));
    }

    [Fact]
    public async Task Replace_with_the_version_from_before_a_re_creation_conflicts()
    {
        var first = await CreateAsync("a", ("k", "1"));
        await DeleteAsync("a");
        var second = await CreateAsync("a", ("k", "2"));
        await RefusedAsync(Refusal.Conflict, second, () => ReplaceAsync(first with { Data = Map(("k", "3")) }));
    }

    [Fact]
    public async Task Replace_that_changes_nothing_keeps_the_resourceVersion()
    {
        var first = await CreateAsync("a", ("k", "1"));
        (await ReplaceAsync(first)).Metadata.ResourceVersion.Should().Be(first.Metadata.ResourceVersion);
        await UnchangedAsync(first);
    }

    [Fact]
    public async Task Replace_keeps_uid_and_creationTimestamp()
    {
        var first = await CreateAsync("a", ("k", "1"));
        var stored = await ReplaceAsync(NewConfigMap("a", ("k", "2")));
        stored.Metadata.Uid.Should().Be(first.Metadata.Uid);
        stored.Metadata.CreationTimestamp.Should().Be(first.Metadata.CreationTimestamp);
    }

    [Theory, InlineData("""{"metadata":{"name":"b"}}"""), InlineData("""{"metadata":{}}""")]
    [InlineData("""{"metadata":{"name":"a","namespace":"other"}}""")]
    public async Task Replace_with_another_name_than_the_path_says_is_BadRequest(string body)
    {
        var first = await CreateAsync("a", ("k", "1"));
        await RefusedAsync(Refusal.BadRequest, first, () => Raw.SendAsync(HttpMethod.Put, "a", body));
    }

    [Fact]
    public async Task An_immutable_ConfigMap_refuses_other_data_as_Invalid_but_takes_labels()
    {
        var first = await CreateAsync(NewConfigMap("a", ("k", "1")) with { Immutable = true });
        await RefusedAsync(Refusal.Invalid, () => ReplaceAsync(first with { Data = Map(("k", "2")) }));
        await RefusedAsync(Refusal.Invalid, first, () => ReplaceAsync(first with { Immutable = null }));
        var labelled = await ReplaceAsync(first with { Metadata = first.Metadata with { Labels = Map(("a", "b")) } });
        labelled.Metadata.Labels.Should().Equal(Map(("a", "b")));
    }

    [Fact]
    public async Task Replace_with_an_invalid_object_is_Invalid_and_changes_nothing()
    {
        var first = await CreateAsync("a", ("k", "1"));
        await RefusedAsync(Refusal.Invalid, first, () => ReplaceAsync(first with { Data = Map(("a b", "2")) }));
    }

    [Fact]
    public async Task Delete_with_the_right_uid_and_resourceVersion_succeeds()
    {
        var stored = await CreateAsync("a");
        var status = await DeleteAsync("a", stored.Metadata.Uid, stored.Metadata.ResourceVersion);
        status.Status.Should().Be("Success");
        await RefusedAsync(Refusal.NotFound, () => GetAsync("a"));
    }

    [Fact]
    public async Task Delete_with_another_uid_conflicts_and_deletes_nothing()
    {
        var stored = await CreateAsync("a");
        await RefusedAsync(Refusal.Conflict, stored, () => DeleteAsync("a", AnotherUid, stored.Metadata.ResourceVersion));
    }

    [Fact]
    public async Task Delete_with_an_older_resourceVersion_conflicts_and_deletes_nothing()
    {
        var first = await CreateAsync("a", ("k", "1"));
        var second = await SetAsync("a", "k", "2");
        await RefusedAsync(Refusal.Conflict, second, () => DeleteAsync("a", version: first.Metadata.ResourceVersion));
        await DeleteAsync("a", version: second.Metadata.ResourceVersion);
    }

    [Fact]
    public async Task Delete_with_the_uid_from_before_a_re_creation_conflicts()
    {
        var first = await CreateAsync("a");
        await DeleteAsync("a");
        var second = await CreateAsync("a");
        await RefusedAsync(Refusal.Conflict, second, () => DeleteAsync("a", first.Metadata.Uid));
    }

    [Fact]
    public Task Delete_with_preconditions_of_a_missing_object_is_NotFound() =>
        RefusedAsync(Refusal.NotFound, () => DeleteAsync("missing", AnotherUid));

    [Fact]
    public async Task Delete_takes_only_the_named_object()
    {
        await CreateAsync("a");
        var neighbour = await CreateAsync("a.b");
        var other = await CreateAsync("a-b");
        await DeleteAsync("a");
        await UnchangedAsync(neighbour);
        await UnchangedAsync(other);
    }
}
