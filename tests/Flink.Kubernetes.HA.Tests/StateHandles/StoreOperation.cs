using System.Text;
using Flink.Kubernetes.HA.StateHandles;

namespace Flink.Kubernetes.HA.Tests.StateHandles;

/// <summary>One operation of a store, and what stands before and after it: x and y are live, m is marked for removal, the counter is 1.</summary>
/// <param name="Name">Its name, for the test's.</param>
/// <param name="Run">Does it.</param>
/// <param name="After">What stands when it has taken effect; as <see cref="Before"/> where it is refused.</param>
/// <param name="Removes">Whether a failure of the storage comes after it has taken effect.</param>
internal sealed record StoreOperation(string Name, Func<StateHandleStore, StateHandle, StateHandle, CancellationToken, Task> Run, string After, bool Removes = false)
{
    public const string Before = "x=x0,y=y0,counter=1";

    public static IReadOnlyList<StoreOperation> All { get; } =
    [
        new("add", (store, _, _, token) => store.AddAsync("n", StoreCluster.Stream("n1"), token), "n=n1,x=x0,y=y0,counter=1"),
        new("add over marked", (store, _, _, token) => store.AddAsync("m", StoreCluster.Stream("m1"), token), "m=m1,x=x0,y=y0,counter=1"),
        new("add over live", (store, _, _, token) => store.AddAsync("x", StoreCluster.Stream("x1"), token), Before),
        new("replace", (store, x, _, token) => store.ReplaceAsync(x, StoreCluster.Stream("x1"), token), "x=x1,y=y0,counter=1"),
        new("replace by name", (store, _, _, token) => store.ReplaceAsync("x", StoreCluster.Stream("x1"), token), "x=x1,y=y0,counter=1"),
        new("remove", (store, x, _, token) => store.RemoveAsync(x, token), "y=y0,counter=1", Removes: true),
        new("remove by name", (store, _, _, token) => store.RemoveAsync("x", token), "y=y0,counter=1", Removes: true),
        new("remove marked", (store, _, _, token) => store.RemoveAsync("m", token), Before, Removes: true),
        new("clear", (store, _, _, token) => store.ClearAsync(token), "counter=1", Removes: true),
        new("set value", (store, _, _, token) => store.CreateBatch().SetValue("counter", "1", "2").CommitAsync(token), "x=x0,y=y0,counter=2"),
        new("checkpoint", (store, x, _, token) => store.CreateBatch().Add("n", StoreCluster.Stream("n1")).Remove(x).SetValue("counter", "1", "2").CommitAsync(token), "n=n1,y=y0,counter=2", Removes: true),
        new("batch of all", (store, x, y, token) => store.CreateBatch().Add("m", StoreCluster.Stream("m1")).Replace(x, StoreCluster.Stream("x1")).Remove(y).CommitAsync(token), "m=m1,x=x1,counter=1", Removes: true),
        new("open", (store, _, _, token) => OpenAsync(store, token), Before),
        new("recover", RecoverAsync, Before),
    ];

    private static Task<StateHandleStore> OpenAsync(StateHandleStore store, CancellationToken token) => StateHandleStore.OpenAsync(store.Term, store.Reader.Storage, StoreCluster.Prefix, token);

    private static async Task RecoverAsync(StateHandleStore store, StateHandle x, StateHandle y, CancellationToken token)
    {
        var opened = await OpenAsync(store, token);
        foreach (var handle in (StateHandle[])[x, y])
        {
            var text = Encoding.UTF8.GetString(await opened.Reader.ReadBytesAsync(handle, token));
            if (text != $"{handle.Name}0")
            {
                throw new InvalidDataException($"{handle.Name} was recovered as {text}.");
            }
        }
    }
}
