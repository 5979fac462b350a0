"""Training step time of PyTorch on the CPU, eager and compiled.

Best ordinary settings: Adam's fused implementation, gradients set to None, batches sliced from
one tensor, and for the convnet the better of the two memory formats. One JSON line each.
"""

import measure

chosen = measure.arguments(["eager", "compile"])

import torch  # noqa: E402
from torch import nn  # noqa: E402


def network():
    if chosen.model == "mlp":
        return nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
    return nn.Sequential(nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
                         nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
                         nn.Flatten(), nn.Dropout(0.25), nn.Linear(64 * 7 * 7, 128), nn.ReLU(),
                         nn.Linear(128, 10))


def step_time(memory_format):
    model = network().to(memory_format=memory_format)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
    loss = nn.CrossEntropyLoss()
    x, y = (torch.from_numpy(a) for a in measure.data(chosen.model))
    if chosen.model == "convnet":
        x = x.permute(0, 3, 1, 2).contiguous(memory_format=memory_format)
    y = y.long()

    def forward(x, y):
        return loss(model(x), y)

    if chosen.mode == "compile":
        forward = torch.compile(forward)

    def step(i):
        part = slice(i * chosen.batch, (i + 1) * chosen.batch)
        optimizer.zero_grad(set_to_none=True)
        forward(x[part], y[part]).backward()
        optimizer.step()

    return measure.median_step(step, len(y) // chosen.batch)


torch.set_num_threads(chosen.threads)
formats = [torch.contiguous_format]
if chosen.model == "convnet":
    formats.append(torch.channels_last)
times = {str(f).removeprefix("torch."): step_time(f) for f in formats}
best = min(times, key=times.get)
measure.report("torch-" + chosen.mode, chosen, times[best], version=torch.__version__,
               setting=best)
